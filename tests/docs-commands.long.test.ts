import { GUIDES, testDocuments } from './test-docs-commands.ts'

// Who reads the guides has read the README, and has the root certificate that it saves.
testDocuments(['README.md', ...GUIDES])
