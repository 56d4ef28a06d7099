import { addressesOf, type Installation } from '#contract/installation.ts'
import { CHECK_PATH } from './rules.ts'

/** Whatever is answered, it was read on the way. */
const PROGRAM = `require('node:http').get(process.argv[1], (answer) => {
  console.log(JSON.stringify({ at: Date.now() }))
  answer.resume()
}).on('error', () => process.exit(1))`

/**
 * Asks the edge of its host in the open for a path that nobody else asks for, run in an app's container: only from there the
 * detector hears it as the platform's own check. `word`, of 8 to 40 letters and digits, is what the question is known by; the
 * command prints when it was answered (`{"at": milliseconds}`).
 */
export function plantedRequest(
  installation: Pick<Installation, 'name' | 'subnet' | 'ports'>,
  word: string,
): { readonly path: string; readonly command: readonly string[] } {
  const path = `${CHECK_PATH}${word}`
  const url = `http://${addressesOf(installation).edge.apps}:${installation.ports.http}${path}`
  return { path, command: ['node', '-e', PROGRAM, url] }
}
