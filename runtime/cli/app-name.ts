import { basename, join, resolve } from 'node:path'
import { MaruError, parseWith } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { readText } from '#runtime/drivers/files.ts'

/** Makes an app name of a package's or folder's name; undefined where nothing useful is left. */
export function nameFrom(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/^@[^/]*\//, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return AppName.safeParse(name).success ? name : undefined
}

async function readField(file: string, field: string): Promise<string | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text)?.[field]
    return typeof value === 'string' ? value : undefined
  } catch (cause) {
    throw new MaruError('invalid', { field: file, reason: 'is not valid JSON' }, { cause })
  }
}

/**
 * The app that a command is about: `--app`, else "app" in the folder's maru.json, else the name in its
 * package.json, else the folder's own name, made valid.
 */
export async function chooseApp(given: string | undefined, folder: string): Promise<AppName> {
  if (given !== undefined) return parseWith(AppName, given, '--app')
  const file = join(folder, 'maru.json')
  const declared = await readField(file, 'app')
  if (declared !== undefined) return parseWith(AppName, declared, `"app" in ${file}`)
  const packageName = await readField(join(folder, 'package.json'), 'name')
  const name = nameFrom(packageName ?? '') ?? nameFrom(basename(resolve(folder)))
  if (name !== undefined) return parseWith(AppName, name, '--app')
  throw new MaruError('invalid', { field: '--app', reason: `is needed: ${folder} suggests no usable name` })
}
