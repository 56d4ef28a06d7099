import { readText } from '#runtime/drivers/files.ts'

/** Programs between a shell that came over ssh and this one, at most. */
const FAR = 12

/**
 * The address from which somebody works on this machine over ssh; undefined where he does not. `sudo` takes the word away,
 * so that it is looked for among the programs above this one, too.
 */
export async function clientAddress(
  env: Readonly<Record<string, string | undefined>>,
  processes = '/proc',
  pid = process.ppid,
): Promise<string | undefined> {
  const own = addressIn(env.SSH_CONNECTION)
  if (own !== undefined) return own
  let above = pid
  for (let far = 0; far < FAR && above > 1; far++) {
    const [environ, stat] = await Promise.all([
      readQuietly(`${processes}/${above}/environ`),
      readQuietly(`${processes}/${above}/stat`),
    ])
    const word = environ.split('\0').find((one) => one.startsWith('SSH_CONNECTION='))
    const found = addressIn(word?.slice('SSH_CONNECTION='.length))
    if (found !== undefined) return found
    // The name in brackets may have blanks; after it come state and parent.
    above = Number(/^.*\) \S+ (\d+) /s.exec(stat)?.[1] ?? 0)
  }
  return undefined
}

const addressIn = (connection: string | undefined) =>
  connection?.split(' ')[0]?.replace(/%.*$/, '') || undefined

/** Others' programs are nobody's business, and some end meanwhile. */
async function readQuietly(path: string): Promise<string> {
  try {
    return (await readText(path)) ?? ''
  } catch {
    return ''
  }
}
