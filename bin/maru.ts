import { processContext } from '#runtime/cli/context.ts'
import { runProgram } from '#runtime/cli/run-program.ts'
import { endProcess } from '#runtime/kit/end-process.ts'

await runProgram(process.argv.slice(2), processContext())
// Idle connections and a terminal that is still open must not keep a finished command alive.
await endProcess()
