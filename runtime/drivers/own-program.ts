import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The file of one of the program's own commands, for a process of its own: the one in the bundle that this process runs from
 * (docs/decisions/0043), else its source.
 */
export function ownProgram(name: 'maru' | 'maru-drill-in-lab' | 'maru-lab-drills'): string {
  const beside = join(dirname(process.argv[1] ?? ''), `${name}.js`)
  return existsSync(beside) ? beside : join(import.meta.dirname, `../../bin/${name}.ts`)
}
