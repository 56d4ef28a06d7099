import { docker, type TestInstallation } from './test-installation.ts'

const PARTS = ['control', 'agent'] as const
/** Levels of the platform's own log that are out of the ordinary. */
const TROUBLE = /"level":"(warn|error)"/
const LINES = 40
const WIDTH = 400

/**
 * What the control plane and the agent complained of since then, one line each: a test that failed once in many runs is
 * understood from it, or never.
 */
export async function partsSaid({ name }: TestInstallation, since: Date): Promise<string> {
  const said = await Promise.all(
    PARTS.map(async (part) => {
      const text = await docker('logs', '--since', since.toISOString(), `${name}-${part}`)
      return troubleOf(text).map((line) => `${part} said: ${line}`)
    }),
  )
  return said.flat().join('\n')
}

/** The last lines that tell of trouble, cut to what a terminal can show. */
export const troubleOf = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => TROUBLE.test(line))
    .slice(-LINES)
    .map((line) => line.slice(0, WIDTH))
