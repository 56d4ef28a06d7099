type Scripts = Readonly<Record<string, string>>

const RUN = /^(?:npm|pnpm|yarn)\s+(?:run(?:-script)?\s+)?([\w:.-]+)$|^node\s+--run[\s=]([\w:.-]+)$/
/** Words after which a package manager does something else than running a script. */
const NOT_SCRIPTS = new Set(['install', 'ci', 'exec', 'dlx', 'add', 'i', 'x', 'create', 'init', 'prune'])
const DEPTH = 8

/**
 * Replaces `npm start`, `npm run NAME` and the like by the script itself, in each part of `a && b`: instances have
 * no package manager, start faster without one, and get the stop signal themselves.
 */
export function expandCommand(command: string, scripts: Scripts, depth = 0): string {
  if (depth >= DEPTH || /[|;"'`()]/.test(command)) return command
  return command
    .split(/\s*&&\s*/)
    .map((part) => expandPart(part.trim(), scripts, depth))
    .join(' && ')
}

function expandPart(part: string, scripts: Scripts, depth: number): string {
  const found = RUN.exec(part)
  const name = found?.[1] ?? found?.[2]
  if (name !== undefined && !NOT_SCRIPTS.has(name) && Object.hasOwn(scripts, name)) {
    return scriptCommand(name, scripts, depth) ?? part
  }
  return part.replace(/^npx\s+(?:--no-install\s+|--no\s+)?(?=[\w@])/, '')
}

/** A script with its `pre` script before it, as package managers run them. */
function scriptCommand(name: string, scripts: Scripts, depth: number): string | undefined {
  const parts = [`pre${name}`, name].filter((key) => (scripts[key] ?? '').trim() !== '')
  if (!parts.includes(name)) return undefined
  return parts.map((key) => expandCommand((scripts[key] ?? '').trim(), scripts, depth + 1)).join(' && ')
}

/** What `npm start` would run: the start script, or server.js where there is none. */
export const startCommand = (scripts: Scripts, hasServerFile: boolean): string | undefined =>
  scriptCommand('start', scripts, 0) ?? (hasServerFile ? 'node server.js' : undefined)
