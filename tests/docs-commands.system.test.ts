import { commandDocuments } from '../tools/documented-commands.ts'
import { GUIDES, testDocuments, testTables } from './test-docs-commands.ts'

testDocuments(commandDocuments().filter((path) => !GUIDES.includes(path)))
testTables()
