/**
 * Has the agent of a host in a lab leave the platform's containers alone until standard input ends, as a program of its own in that
 * host: the lock is one of its network's. Says a line as soon as it has it.
 */
import { takeLock } from '#platform/hosts/index.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'

// A terminal tells everybody at it; who holds the lock ends the input of this.
process.on('SIGINT', () => {})
await takeLock(DEFAULT_HOME, 'maru drill run')
process.stdout.write('taken\n')
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))
