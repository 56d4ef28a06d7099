import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The version of this program, such as `0.1.0+66`: that of package.json, and the number of its newest migration. The first alone stays
 * the same for long, and two copies whose agents do not understand each other would have the same one.
 */
export async function programVersion(programDir: string): Promise<string> {
  const text = await readFile(join(programDir, 'package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return `${version}+${newestOf(await readdir(join(programDir, 'migrations')))}`
}

/** The highest number among names such as `0066-long-generations.sql`. */
const newestOf = (names: readonly string[]): number =>
  Math.max(0, ...names.map((name) => Number(/^(\d{4})-.*\.sql$/.exec(name)?.[1] ?? 0)))
