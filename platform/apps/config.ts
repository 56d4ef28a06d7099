import { APP_LIMITS, RESERVED_CONFIG } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

export type ConfigMap = Readonly<Record<string, string>>

/** Reads a sealed configuration; nothing stored means an empty one. */
export async function openConfig(
  deps: Pick<ServerDeps, 'secrets'>,
  appId: string,
  sealed: string | null,
): Promise<Record<string, string>> {
  if (sealed === null) return {}
  return JSON.parse(await deps.secrets.open(appId, sealed)) as Record<string, string>
}

/** Seals a configuration for its app. */
export async function sealConfig(
  deps: Pick<ServerDeps, 'secrets'>,
  appId: string,
  config: ConfigMap,
): Promise<string> {
  return await deps.secrets.seal(appId, JSON.stringify(config))
}

export interface AppliedChange {
  readonly config: ConfigMap
  readonly set: readonly string[]
  readonly removed: readonly string[]
}

/** A change applied to a configuration, with the names that really change. Throws when a limit would be passed. */
export function changeConfig(
  have: ConfigMap,
  change: Readonly<Record<string, string | null>>,
): AppliedChange {
  for (const name of Object.keys(change)) {
    if (RESERVED_CONFIG.includes(name)) throw new MaruError('apps.config_reserved', { name })
  }
  const set: string[] = []
  const removed: string[] = []
  const config: Record<string, string> = { ...have }
  for (const [name, value] of Object.entries(change)) {
    if (value === null) {
      if (name in config) removed.push(name)
      delete config[name]
    } else if (config[name] !== value) {
      set.push(name)
      config[name] = value
    }
  }
  checkConfig(config)
  return { config, set: set.sort(), removed: removed.sort() }
}

function checkConfig(config: ConfigMap): void {
  for (const [name, value] of Object.entries(config)) {
    if (value.includes('\0'))
      throw new MaruError('invalid', { field: `values.${name}`, reason: 'must not contain a zero byte' })
    // An app would get something else than what is shown here.
    if (!value.isWellFormed())
      throw new MaruError('invalid', { field: `values.${name}`, reason: 'must be valid Unicode' })
    if (Buffer.byteLength(value) > APP_LIMITS.configValueBytes) {
      const limit = `${APP_LIMITS.configValueBytes} bytes`
      throw new MaruError('apps.limit', { what: `The value of ${name}`, limit, next: 'Shorten it.' })
    }
  }
  const next = 'Remove values that are no longer needed.'
  if (Object.keys(config).length > APP_LIMITS.configValues)
    throw new MaruError('apps.limit', {
      what: 'The number of configuration values',
      limit: APP_LIMITS.configValues,
      next,
    })
  if (Buffer.byteLength(JSON.stringify(config)) > APP_LIMITS.configTotalBytes) {
    const limit = `${APP_LIMITS.configTotalBytes} bytes`
    throw new MaruError('apps.limit', { what: 'The configuration', limit, next })
  }
}
