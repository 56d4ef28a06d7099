import { GUIDES, testDocuments } from './test-docs-commands.ts'

testDocuments(GUIDES)
