import { Argument, type Command, InvalidArgumentError } from 'commander'
import { addCommand, addGroup, type CommandText } from '#runtime/cli/command.ts'
import { type CliContext, DEFAULT_LAB_HOME, processContext } from '#runtime/cli/context.ts'

const actions = () => import('./index.ts')

/** Adds `maru lab`. What it does is loaded when it runs. */
export function registerLabCommands(program: Command, context: CliContext = processContext()): void {
  const lab = addGroup(
    program,
    'lab',
    'Several hosts in several data centres on this machine, to rehearse on',
  )
  registerUp(lab, context)
  labCommand(lab, 'status', {
    summary: 'Hosts and lines of the lab',
    examples: ['maru lab status', 'maru lab status --json'],
  }).action(async (options) => (await actions()).runStatus(context, options))
  labCommand(lab, 'down', {
    summary: 'Remove the lab with all its hosts and their disks, whatever state it is in',
    examples: ['maru lab down'],
  }).action(async (options) => (await actions()).runDown(context, options))
  labCommand(lab, 'host', {
    summary: 'Let a host lose its power, boot it again, stop all that runs in it for a while, let it go on',
    examples: ['maru lab host dc1-h1 kill', 'maru lab host dc1-h1 start', 'maru lab host dc2-h1 freeze'],
  })
    .argument('<name>', 'host, as `maru lab status` shows it')
    .addArgument(choice('<action>', 'what happens to it', ['kill', 'start', 'freeze', 'thaw']))
    .action(async (name, action, options) => (await actions()).runHost(context, name, action, options))
  labCommand(lab, 'link', {
    summary: 'Cut the line of a data centre to all the others and to the outside, or heal it',
    examples: ['maru lab link dc2 cut', 'maru lab link dc2 heal'],
  })
    .argument('<dc>', 'data centre, as `maru lab status` shows it')
    .addArgument(choice('<action>', 'what happens to its line', ['cut', 'heal']))
    .action(async (dc, action, options) => (await actions()).runLink(context, dc, action, options))
  registerExec(lab, context)
}

const labCommand = (parent: Command, usage: string, text: CommandText) =>
  addCommand(parent, usage, text).option('--home <dir>', 'folder of the lab', DEFAULT_LAB_HOME)

const choice = (name: string, description: string, choices: readonly string[]) =>
  new Argument(name, `${description}: ${choices.join(', ')}`).choices(choices)

function registerUp(lab: Command, context: CliContext): void {
  labCommand(lab, 'up', {
    summary: 'Make a lab with the platform on its first host, or bring the one that is there into shape',
    examples: ['maru lab up', 'maru lab up --data-centres 2 --hosts-per-data-centre 1 --witness'],
  })
    .option('--data-centres <number>', 'how many (default: 2)', count)
    .option('--hosts-per-data-centre <number>', 'how many hosts in each (default: 1)', count)
    .option('--witness', 'one more host, in a place of its own')
    .option('--no-platform', 'make the hosts only')
    .action(async (options) => (await actions()).runUp(context, options))
}

function registerExec(lab: Command, context: CliContext): void {
  labCommand(lab, 'exec', {
    summary: 'Run a program in a host, or at the client on the wide network; its exit code is passed on',
    examples: ['maru lab exec dc1-h1 -- ./maru status', 'maru lab exec client -- ping -c 1 dc1-h1'],
  })
    .argument('<host>', 'host, or `client`')
    .argument('<command...>', 'program and arguments; no shell reads them')
    .action(async (host, command, options) => (await actions()).runExec(context, host, command, options))
}

function count(text: string): number {
  const number = Number(text)
  if (/^[1-9]$/.test(text)) return number
  throw new InvalidArgumentError('It must be a number from 1 to 9.')
}
