import type { Command } from 'commander'
import { addCommand } from '#runtime/cli/command.ts'
import { type CliContext, processContext } from '#runtime/cli/context.ts'

import type { HostOptions } from './command-actions.ts'
import type { JoinOptions } from './join.ts'

const actions = () => import('./command-actions.ts')

/** The commands that bring this machine into shape. What they do is loaded when they run. */
export function registerHostCommands(program: Command, context: CliContext = processContext()): void {
  registerUp(program, context)
  hostCommand(program, 'down', 'Stop the platform and every app; data stays', ['maru down']).action(
    async (options: HostOptions) => (await actions()).runDown(context, options),
  )
  hostCommand(program, 'status', 'State of the platform on this machine', [
    'maru status',
    'maru status --json',
  ]).action(async (options: HostOptions) => (await actions()).runStatus(context, options))
  hostCommand(program, 'doctor', 'Check the machine and the platform; one advice for each problem', [
    'maru doctor',
  ]).action(async (options: HostOptions) => (await actions()).runDoctor(context, options))
  hostCommand(
    program,
    'setup-link',
    'Make a new one-time set-up link: whoever takes it becomes an operator',
    ['maru setup-link'],
  ).action(async (options: HostOptions) => (await actions()).runSetupLink(context, options))
  hostCommand(program, 'ca', "Print the installation's root certificate", ['maru ca > maru-root.crt']).action(
    async (options: HostOptions) => (await actions()).runCa(context, options),
  )
}

/** `maru host join`, the one command about hosts that has no control plane to talk to yet. */
export function registerJoin(group: Command, context: CliContext): void {
  addCommand(group, 'join', {
    summary: 'Make this machine a host of an installation, with the link that `maru host add` printed',
    examples: ["maru host join 'https://maru.example.org/join#TOKEN.FINGERPRINT@10.0.0.5'"],
  })
    .argument('<link>', 'one-time link, in quotes')
    .option(
      '--address <ip>',
      'address at which the other hosts reach it (default: that of the way to the host that gave the link)',
    )
    .option('--home <dir>', 'data folder (MARU_HOME; default: /var/lib/maru)')
    .action(async (link: string, options: JoinOptions) => (await actions()).runJoin(context, link, options))
}

function hostCommand(
  parent: Command,
  usage: string,
  summary: string,
  examples: [string, ...string[]],
): Command {
  return addCommand(parent, usage, { summary, examples })
    .option('--home <dir>', 'data folder of the installation (MARU_HOME)')
    .option('--name <name>', 'name of the installation')
}

function registerUp(program: Command, context: CliContext): void {
  hostCommand(program, 'up', 'Bring this machine into shape: engine, images, database, control plane, edge', [
    'maru up',
    'maru up --domain apps.example.org',
    'maru up --renew base',
  ])
    .option('--domain <domain>', 'apps are at https://APP.DOMAIN (default: NAME.localhost)')
    .option('--http-port <port>', 'port for HTTP, which only redirects (default: 80)')
    .option('--https-port <port>', 'port for HTTPS (default: 443)')
    .option('--subnet <prefix>', 'first two numbers of a free private range (default: 10.89)')
    .option(
      '--renew <images>',
      "make images anew from today's packages, and all that stand on them: base, database, edge, detector, app",
    )
    .option('--no-stack-roll', 'leave the apps on the stack that they stand on')
    .option('--data-centre <name>', 'data centre that this first host is in (default: dc1)')
    .option('--address <ip>', 'address at which other hosts reach this one (default: that of the way out)')
    .option('--lab', 'nobody depends on this installation: drills may break it')
    .action(async (options: HostOptions) => (await actions()).runUp(context, options))
}
