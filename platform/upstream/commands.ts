import type { Command } from 'commander'
import { addApiCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about providers to the group about the network. */
export function registerUpstreamCommands(network: Command, context: CliContext): void {
  const upstream = addGroup(
    network,
    'upstream',
    'Providers that drop traffic before it arrives: add, list, announce',
  )
  registerProviders(upstream, context)
  registerDropping(upstream, context)
}

function registerProviders(upstream: Command, context: CliContext): void {
  const load = () => import('./commands-upstream.ts')
  addApiCommand(upstream, 'list', {
    summary: 'List the providers, how they are, and what they drop now',
    examples: ['maru network upstream', 'maru network upstream list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).list(context, options))
  addApiCommand(upstream, 'add', {
    summary: 'Set up a provider by BGP, or a partner by a webhook',
    examples: [
      'maru network upstream add isp --own-as 64500 --neighbour 203.0.113.254 --neighbour-as 64496 --password-file isp.txt',
      'maru network upstream add scrubber --url https://api.example.org/maru --secret-file hook.txt',
      'maru network upstream add isp --own-as 64500 --neighbour 203.0.113.254 --neighbour-as 64496 --host berlin-1 berlin-2 --above 500000 --above-for 30 --minutes 10',
    ],
  })
    .argument('<name>', 'how you call it')
    .option('--own-as <number>', 'our AS number, for BGP')
    .option('--neighbour <address>', 'address of the provider’s router, for BGP')
    .option('--neighbour-as <number>', 'AS number of the provider, for BGP')
    .option('--community <numbers>', 'community that means: drop this (default: 65535:666)')
    .option('--next-hop <address>', 'where dropped addresses lead, if the provider wants that')
    .option('--next-hop6 <address>', 'the same for addresses of IPv6')
    .option('--flow-rules', 'it takes flow rules (RFC 8955): a part of the traffic can be dropped')
    .option('--password-file <file>', 'file with the password of the session (TCP MD5)')
    .option('--url <address>', 'https address of a webhook')
    .option('--secret-file <file>', 'file with what signs messages to the webhook')
    .option('--ca-file <file>', 'root certificate that the webhook’s is signed by (default: the system’s)')
    .option('--host <name...>', 'hosts whose addresses it brings (default: all)')
    .option('--above <packets>', 'announce by itself above so many packets a second to one address')
    .option('--above-for <seconds>', 'after so many seconds without a break (default: 30)')
    .option('--minutes <number>', 'for so many minutes each time (default: 10)')
    .option('--even-the-last', 'by itself also the last address that serves the apps')
    .action(async (name, options) => (await load()).add(context, name, options))
  addApiCommand(upstream, 'remove', {
    summary: 'Forget a provider; what it drops for us is withdrawn',
    examples: ['maru network upstream remove isp'],
  })
    .argument('<name>', 'as the list shows it')
    .action(async (name, options) => (await load()).remove(context, name, options))
  addApiCommand(upstream, 'test', {
    summary: 'Try a provider: whether its sessions stand, or whether it acknowledges a signed message',
    examples: ['maru network upstream test isp'],
  })
    .argument('<name>', 'as the list shows it')
    .action(async (name, options) => (await load()).test(context, name, options))
}

function registerDropping(upstream: Command, context: CliContext): void {
  const load = () => import('./commands-upstream.ts')
  addApiCommand(upstream, 'announce', {
    summary: 'Have providers drop everything to an address of a host, or a part of it, until then',
    examples: [
      'maru network upstream announce 203.0.113.5 --for 10m --reason "flood of 4 million packets a second"',
      'maru network upstream announce 203.0.113.5 --for 1h --reason "flood" --upstream isp',
      'maru network upstream announce 203.0.113.5 --only udp:53 --for 1h --reason "answers of name servers"',
      'maru network upstream announce 2001:db8::5 --for 10m --reason "flood"',
    ],
  })
    .argument('<address>', 'of a host, or one that the hosts of a data centre share')
    .requiredOption('--for <time>', 'how long, such as 10m, 1h')
    .requiredOption('--reason <text>', 'why, for whoever wonders later')
    .option('--only <what>', 'only a part, by those that take flow rules: udp, udp:PORT, tcp:PORT, icmp')
    .option('--upstream <name>', 'only by this provider (default: by all that bring the address)')
    .option('--even-the-last', 'also the last address that serves the apps')
    .action(async (address, options) => (await load()).announce(context, address, options))
  addApiCommand(upstream, 'withdraw', {
    summary: 'Have providers let an address through again',
    examples: ['maru network upstream withdraw 203.0.113.5'],
  })
    .argument('<address>', 'as the list shows it')
    .action(async (address, options) => (await load()).withdraw(context, address, options))
}
