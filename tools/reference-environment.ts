import { INSTANCE_ENVIRONMENT } from '#contract/apps.ts'
import { document, table } from './reference.ts'

/** What the command line reads from a person's shell. */
export const CLI_ENVIRONMENT: Readonly<Record<string, string>> = {
  MARU_HOME: 'data folder of the installation on this host, where it is not `/var/lib/maru`; `--home` wins',
  MARU_URL: 'address of the platform, for scripts; with `MARU_TOKEN`',
  MARU_TOKEN: 'token to use instead of a login: `maru tokens create` makes one',
  MARU_CA: 'file with the root certificate of the installation: what `maru ca` prints',
  MARU_DEBUG: '`1` shows where an error comes from',
  NO_COLOR: 'any value: no colours',
  XDG_CONFIG_HOME: 'folder for the saved login (default: `~/.config`)',
  npm_config_registry: 'npm registry for `maru up` and for builds',
  http_proxy: 'proxy for `maru up` and for builds; likewise `https_proxy` and `no_proxy`',
}

const rows = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([name, meaning]) => [`\`${name}\``, meaning])

/** Every environment variable that means something. */
export function renderEnvironment(): string {
  return document(
    'Environment variables',
    'What an app finds, and what the command line reads.',
    `## In every instance of an app\n\nThe platform sets these; they cannot be configured. \`NODE_ENV\` is \`production\` unless \`maru config set\` says otherwise.\n\n${table(['name', 'meaning'], rows(INSTANCE_ENVIRONMENT))}`,
    `## On your own machine\n\n${table(['name', 'meaning'], rows(CLI_ENVIRONMENT))}`,
  )
}
