import { mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { parseWith } from '#contract/errors.ts'
import { readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { jsonOf } from '#runtime/kit/json.ts'
import type { Environment } from './context.ts'

/** What `maru login` keeps: where the platform is, how to trust it, and the token. */
export const Login = z.strictObject({
  url: z.url({ protocol: /^https$/ }),
  token: z.string().min(1),
  tokenId: z.string(),
  name: z.string().describe('Who signed in, for messages'),
  ca: z
    .string()
    .nullable()
    .describe("The installation's root certificate (PEM); null: the system's are trusted"),
})
export type Login = z.infer<typeof Login>

/** Path of the login file: in the person's configuration folder. */
export function loginFile(env: Environment): string {
  const base = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config')
  return join(base, 'maru', 'login.json')
}

/** The saved login; undefined where there is none. A damaged file is an error that names it. */
export async function loadLogin(file: string): Promise<Login | undefined> {
  const text = await readText(file)
  return text === undefined ? undefined : parseWith(Login, jsonOf(text), file)
}

/** Saves a login for its owner's eyes only; whole or not at all. */
export async function saveLogin(file: string, login: Login): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFileAtomic(file, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
}

/** Forgets the saved login; fine where there is none. */
export const removeLogin = (file: string): Promise<void> => rm(file, { force: true })
