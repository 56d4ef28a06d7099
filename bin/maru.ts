import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Beside the packages: only who installed the program can write there, unlike a shared temporary folder.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/maru'))

const { processContext } = await import('#runtime/cli/context.ts')
const { runProgram } = await import('#runtime/cli/run-program.ts')

await runProgram(process.argv.slice(2), processContext())
// Idle connections and a terminal that is still open must not keep a finished command alive.
process.exit()
