import { z } from 'zod'

/** The alphabet of random ids: lower-case letters and digits that people do not mix up. */
export const ID_ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz'

const prefixed = <P extends string>(prefix: P, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z0-9]{4,32}$`), `must look like ${prefix}_xxxxxxxxxxxx`)
    .describe(what)
    .brand<P>()

export const AppId = prefixed('app', 'Id of an app')
export type AppId = z.infer<typeof AppId>
export const TeamId = prefixed('team', 'Id of a team')
export type TeamId = z.infer<typeof TeamId>
export const UserId = z.string().min(1).max(64).describe('Id of a person').brand<'user'>()
export type UserId = z.infer<typeof UserId>
export const OperationId = prefixed('op', 'Id of an operation')
export type OperationId = z.infer<typeof OperationId>
export const SourceId = prefixed('src', 'Id of an uploaded source')
export type SourceId = z.infer<typeof SourceId>
export const TokenId = prefixed('tok', 'Id of an API token')
export type TokenId = z.infer<typeof TokenId>
export const DrillRunId = prefixed('run', 'Id of a recorded run of a drill')
export type DrillRunId = z.infer<typeof DrillRunId>
export const DrillStartId = prefixed('start', 'Id of a drill that was started from the platform')
export type DrillStartId = z.infer<typeof DrillStartId>

/** Number of a state of the apps: only as far as numbers are exact, so that the next one is another. */
export const Generation = z.number().int().max(Number.MAX_SAFE_INTEGER)
export type Generation = z.infer<typeof Generation>

/** Names that would collide with the platform's own host names or read as official. */
export const RESERVED_APP_NAMES: readonly string[] = [
  'api',
  'admin',
  'console',
  'maru',
  'www',
  'mail',
  'status',
  'trust',
  'login',
  'auth',
  'postgres',
  'edge',
]

/** An app's name is its host name's first label (RFC 1123) and part of container and database names. */
export const AppName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
    'must be 2 to 40 characters: lower-case letters, digits and hyphens, starting with a letter, not ending in a hyphen',
  )
  .refine((name) => !name.includes('--'), 'must not contain two hyphens in a row')
  .refine((name) => !RESERVED_APP_NAMES.includes(name), 'is reserved for the platform')
  .describe("The app's name; it becomes https://NAME.DOMAIN")
  .brand<'AppName'>()
export type AppName = z.infer<typeof AppName>

/** A Procfile process type. `release` runs once before traffic moves; every other type is kept running. */
export const ProcessType = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be 1 to 20 characters: lower-case letters, digits and hyphens')
  .describe('Process type, as in the Procfile')
export type ProcessType = z.infer<typeof ProcessType>

/** Releases of an app are numbered 1, 2, 3 …; shown as v1, v2, v3. */
export const ReleaseVersion = z.coerce.number().int().min(1).max(1_000_000).describe('Release number')
export type ReleaseVersion = z.infer<typeof ReleaseVersion>

/** Name of an environment variable. */
export const ConfigName = z
  .string()
  .regex(
    /^[A-Z_][A-Z0-9_]{0,99}$/,
    'must be upper-case letters, digits and underscores, and not start with a digit',
  )
  .describe('Name of the configuration value')
export type ConfigName = z.infer<typeof ConfigName>

/** Date and time in UTC, RFC 3339. */
export const Instant = z.iso.datetime().describe('Date and time in UTC (RFC 3339)')
export type Instant = z.infer<typeof Instant>

/** Name of a host: a DNS label (RFC 1123), part of its certificate's name. */
export const HostName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1 to 63 characters: lower-case letters, digits and hyphens, starting with a letter, not ending in a hyphen',
  )
  .describe('Name of the host')
  .brand<'HostName'>()
export type HostName = z.infer<typeof HostName>

export const DataCentreName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
    'must be 1 to 32 characters: lower-case letters, digits and hyphens, starting with a letter, not ending in a hyphen',
  )
  .describe('Name of the data centre')
  .brand<'DataCentreName'>()
export type DataCentreName = z.infer<typeof DataCentreName>
