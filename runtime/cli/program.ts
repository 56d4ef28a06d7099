import { Command } from 'commander'
import { registerBenchCommand } from '#bench/bench-command.ts'
import { registerDrillCommands } from '#drills/commands.ts'
import { registerLabCommands } from '#lab/commands.ts'
import { registerAccountCommands } from '#platform/accounts/commands.ts'
import { registerAppCommands } from '#platform/apps/commands.ts'
import { registerAuditCommand } from '#platform/audit/commands.ts'
import { registerDataCommands } from '#platform/data/commands.ts'
import { registerDetectionCommands } from '#platform/detection/commands.ts'
import { registerDataCentreCommands, registerFleetCommands } from '#platform/fleet/commands.ts'
import { registerGuardCommands } from '#platform/guard/commands.ts'
import { registerHostCommands, registerJoin } from '#platform/hosts/commands.ts'
import { registerMetricsCommands } from '#platform/metrics/commands.ts'
import { registerNetworkCommands } from '#platform/network/commands.ts'
import { registerOperationCommands } from '#platform/operations/commands.ts'
import { registerStackCommands } from '#platform/stacks/commands.ts'
import { registerTrustCommands } from '#platform/trust/commands.ts'
import { registerUpstreamCommands } from '#platform/upstream/commands.ts'
import { registerTestCommand } from '#tools/test-command.ts'
import { addApiCommand, addGroup } from './command.ts'
import { type CliContext, processContext } from './context.ts'

const INTRODUCTION = `
First steps:
  $ maru up                 bring this machine into shape (as root)
  $ maru deploy             put the application in this folder online
  $ maru logs -f            see what it prints

Every command has --help with an example, and --json for scripts.
Exit codes: 0 done, 1 failed, 2 invalid input, 3 refused, 4 unreachable.`

/** The whole command line, ready to parse. What a command does is loaded when it runs: help stays fast. */
export function buildProgram(context: CliContext = processContext()): Command {
  const program = new Command('maru')
    .description('Your own application platform: from a source folder to HTTPS, with a database.')
    .addHelpText('after', INTRODUCTION)
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      // A wrong command line is reported like every other error, by whoever runs the program.
      outputError: () => {},
    })
  program.commandsGroup('Apps:')
  registerAppCommands(program, context)
  registerDataCommands(program, context)
  registerMetricsCommands(program, context)
  registerOperationCommands(program, context)
  registerDestroy(program, context)
  program.commandsGroup('You:')
  registerAccountCommands(program, context)
  program.commandsGroup('This host:')
  registerHostCommands(program, context)
  registerStackCommands(program, context)
  program.commandsGroup('Hosts:')
  const hosts = addGroup(program, 'host', 'Hosts of the installation: add, list, remove, join')
  registerFleetCommands(hosts, context)
  registerJoin(hosts, context)
  const centres = addGroup(
    program,
    'data-centre',
    'Data centres, and the address that the hosts of one share',
  )
  registerDataCentreCommands(centres, context)
  const network = addGroup(
    program,
    'network',
    'Who may reach whom, and who is kept out: everything else is refused',
  )
  registerNetworkCommands(network, context)
  registerGuardCommands(network, context)
  registerDetectionCommands(network, context)
  registerUpstreamCommands(network, context)
  program.commandsGroup('Trust:')
  registerTrustCommands(program, context)
  registerAuditCommand(program, context)
  registerDrillCommands(program, context)
  program.commandsGroup('Development:')
  registerLabCommands(program, context)
  registerTestCommand(program)
  registerBenchCommand(program, context)
  return program
}

/** `destroy` belongs to two capabilities: an app where one is named, the whole installation otherwise. */
function registerDestroy(program: Command, context: CliContext): void {
  addApiCommand(program, 'destroy', {
    summary: 'Destroy an app with all its data; without a name, the whole installation on this machine',
    examples: ['maru destroy shop', 'maru destroy shop --confirm shop', 'maru destroy --confirm maru'],
  })
    .argument('[app]', 'name of the app; none: the installation')
    .option('--confirm <name>', 'the name again, for scripts')
    .option('--name <name>', 'the installation, where the machine has several')
    .option('--keep-images', 'keep the stack images for a later `maru up`')
    .action(async (app, options) =>
      app === undefined
        ? (await import('#platform/hosts/index.ts')).runDestroy(context, options)
        : (await import('#platform/apps/commands-change.ts')).destroy(context, app, options),
    )
}
