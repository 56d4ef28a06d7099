import type { Command } from 'commander'
import { addApiCommand } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

const ENDS = 'app:NAME, app:NAME/PROCESS, a group, an address or a network of IPv4 or IPv6'

/** Adds the commands about who may reach whom to their group. */
export function registerNetworkCommands(network: Command, context: CliContext): void {
  registerLooking(network, context)
  registerChanging(network, context)
}

function registerLooking(network: Command, context: CliContext): void {
  const load = () => import('./commands-look.ts')
  addApiCommand(network, 'rules', {
    summary: 'List the rules, those of the platform itself too',
    examples: ['maru network rules', 'maru network rules --app shop'],
    isDefault: true,
  })
    .option('--app <name>', 'only what concerns this app')
    .action(async (options) => (await load()).rules(context, options))
  addApiCommand(network, 'groups', {
    summary: 'List the groups by function, and what is in them',
    examples: ['maru network groups'],
  }).action(async (options) => (await load()).groups(context, options))
  addApiCommand(network, 'map', {
    summary: 'Show for each group and app whom it may reach',
    examples: ['maru network map'],
  }).action(async (options) => (await load()).map(context, options))
  addApiCommand(network, 'explain', {
    summary: 'Say whether a connection is allowed, and by which rule',
    examples: [
      'maru network explain app:shop 198.51.100.7 443',
      'maru network explain app:shop database 5432',
      'maru network explain 203.0.113.9 host 22',
    ],
  })
    .argument('<from>', ENDS)
    .argument('<to>', `${ENDS}, or a name`)
    .argument('<port>', 'port that would be opened')
    .option('--udp', 'UDP instead of TCP')
    .option('--operator', 'ask as an operator, also about other teams’ apps')
    .action(async (from, to, port, options) => (await load()).explain(context, { from, to, port }, options))
}

function registerChanging(network: Command, context: CliContext): void {
  const load = () => import('./commands-rules.ts')
  addApiCommand(network, 'allow', {
    summary: 'Allow connections; an app’s people may let it reach public addresses',
    examples: [
      "maru network allow app:shop --to api.example.org:443 --reason 'payments'",
      "maru network allow app:shop/mailer --to 198.51.100.0/24:465,587 --reason 'mail' --until 2027-01-31",
      "maru network allow builder --to 10.4.0.7:4873 --reason 'own registry'",
      "maru network allow 203.0.113.0/24 --to host:22 --reason 'office'",
      "maru network allow 2001:db8:1::/48 --to host:22 --reason 'office, over IPv6'",
    ],
  })
    .argument('<from>', ENDS)
    .requiredOption('--to <goal:ports>', 'such as api.example.org:443, 198.51.100.0/24:80,443 or internet:25')
    .requiredOption('--reason <text>', 'why it is needed')
    .option('--until <date>', 'when it ends by itself, such as 2027-01-31 (its end, UTC)')
    .option('--udp', 'UDP instead of TCP')
    .option('--operator', 'as an operator: also private networks, and other teams’ apps')
    .action(async (from, options) => (await load()).allow(context, from, options))
  addApiCommand(network, 'deny', {
    summary: 'Take a rule back, or refuse one that waits; connections that it had allowed end at once',
    examples: [
      'maru network deny shop-k3f9x2m7q4ab',
      'maru network deny shop-k3f9x2m7q4ab --app shop',
      'maru network deny outside-k3f9x2m7q4ab --keep',
    ],
  })
    .argument('<rule>', 'id of the rule, as `maru network rules` shows it')
    .option('--app <name>', 'the app whose rule it is: its people may take it back')
    .option('--keep', 'what was taken back on trial, because it may let you in, stays so')
    .action(async (rule, options) => (await load()).deny(context, rule, options))
  addApiCommand(network, 'approve', {
    summary: 'Bring a rule in force that waits for approval; `deny` refuses it',
    examples: ['maru network approve shop-k3f9x2m7q4ab'],
  })
    .argument('<rule>', 'id of the rule, as `maru network rules` shows it')
    .action(async (rule, options) => (await load()).approve(context, rule, options))
  addApiCommand(network, 'approval', {
    summary: 'Say whether what an app’s people ask for waits for the approval of an operator',
    examples: ['maru network approval on', 'maru network approval off'],
  })
    .argument('<state>', 'on or off')
    .action(async (state, options) => (await load()).approval(context, state, options))
  addApiCommand(network, 'lock-down', {
    summary: 'Refuse on every host what no rule allows, ssh too; ends after a minute unless it is kept',
    examples: ['maru network lock-down try', 'maru network lock-down keep', 'maru network lock-down off'],
  })
    .argument('<state>', 'try, keep or off')
    .action(async (state, options) => (await load()).lockDown(context, state, options))
}
