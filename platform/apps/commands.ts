import type { Command } from 'commander'
import { addApiCommand, addAppCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

// What a command does is imported when it runs, so that help and completion stay fast.

/** Adds the commands about apps. */
export function registerAppCommands(program: Command, context: CliContext): void {
  registerDeploy(program, context)
  registerViews(program, context)
  registerChanges(program, context)
  registerConfig(program, context)
  registerRun(program, context)
}

function registerDeploy(program: Command, context: CliContext): void {
  addAppCommand(program, 'deploy', {
    summary: 'Put the application in a folder online',
    examples: ['maru deploy', 'maru deploy ./shop --app shop-staging'],
  })
    .argument('[dir]', 'folder with package.json, index.html or a Dockerfile', '.')
    .action(async (dir, options) => (await import('./commands-deploy.ts')).deploy(context, dir, options))
}

function registerViews(program: Command, context: CliContext): void {
  const views = () => import('./commands-view.ts')
  addApiCommand(program, 'apps', { summary: 'List your apps', examples: ['maru apps'] }).action(
    async (options) => (await views()).apps(context, options),
  )
  addAppCommand(program, 'ps', {
    summary: 'List the instances of an app',
    examples: ['maru ps', 'maru ps --app shop'],
  }).action(async (options) => (await views()).instances(context, options))
  addAppCommand(program, 'releases', {
    summary: 'List the releases of an app, newest first',
    examples: ['maru releases --app shop'],
  }).action(async (options) => (await views()).releases(context, options))
  addAppCommand(program, 'logs', {
    summary: 'Show what the instances printed',
    examples: ['maru logs --tail 50', 'maru logs -f --process worker --app shop'],
  })
    .option('-f, --follow', 'stay and print what comes')
    .option('-n, --tail <lines>', 'lines from the end, for each instance', '200')
    .option('-p, --process <type>', 'only this process type')
    .option('--raw', 'print lines as they are, terminal controls too')
    .action(async (options) => (await import('./commands-logs.ts')).logs(context, options))
}

function registerChanges(program: Command, context: CliContext): void {
  const changes = () => import('./commands-change.ts')
  addAppCommand(program, 'rollback', {
    summary: 'Go back to the code and configuration of an earlier release',
    examples: ['maru rollback', 'maru rollback v3 --app shop'],
  })
    .argument('[release]', 'such as v3 (default: the one before)')
    .action(async (release, options) => (await changes()).rollback(context, release, options))
  addAppCommand(program, 'scale', {
    summary: 'Set the number of instances of each process type',
    examples: ['maru scale web=3', 'maru scale web=2 worker=1 --app shop'],
  })
    .argument('<process=number...>', 'such as web=3')
    .action(async (counts, options) => (await changes()).scale(context, counts, options))
  addAppCommand(program, 'restart', {
    summary: 'Replace every instance with a new one, without a gap',
    examples: ['maru restart --app shop'],
  }).action(async (options) => (await changes()).restart(context, options))
}

function registerConfig(program: Command, context: CliContext): void {
  const config = addGroup(program, 'config', 'Configuration of an app: environment variables')
  const load = () => import('./commands-config.ts')
  addAppCommand(config, 'list', {
    summary: 'List the configuration; values stay hidden unless asked for',
    examples: ['maru config list', 'maru config list --show --app shop'],
    isDefault: true,
  })
    .option('--show', 'show the values')
    .action(async (options) => (await load()).list(context, options))
  addAppCommand(config, 'set', {
    summary: 'Set values; makes a new release when one serves',
    examples: ['maru config set GREETING=hello KEY=@key.pem', 'maru config set - < production.env'],
  })
    .argument(
      '<name=value...>',
      'NAME=VALUE, NAME=@FILE, NAME=@- (standard input), or - for NAME=VALUE lines',
    )
    .action(async (values, options) => (await load()).set(context, values, options))
  addAppCommand(config, 'unset', {
    summary: 'Remove values; makes a new release when one serves',
    examples: ['maru config unset GREETING --app shop'],
  })
    .argument('<name...>', 'names of the values')
    .action(async (names, options) => (await load()).unset(context, names, options))
}

function registerRun(program: Command, context: CliContext): void {
  addAppCommand(program, 'run', {
    summary: 'Run a one-off command in a new instance; its exit code is passed on',
    examples: ['maru run -- node migrate.js', 'maru run --app shop -- sh', 'maru run cat /etc/os-release'],
  })
    .argument('<command...>', 'program and arguments; no shell reads them')
    .option('--no-tty', 'give it no terminal even where there is one')
    .passThroughOptions()
    .action(async (command, options) => (await import('./commands-run.ts')).run(context, command, options))
}
