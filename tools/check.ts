import { runUnitTests } from './test-files.ts'

// Format, lint, types, fresh documents, boundaries, sizes: each is a test, so one run has one summary.
const { exitCode, summary } = await runUnitTests()
console.log(summary)
process.exitCode = exitCode
