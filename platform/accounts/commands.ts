import type { Command } from 'commander'
import { addApiCommand, addCommand, addGroup } from '#runtime/cli/command.ts'
import type { CliContext } from '#runtime/cli/context.ts'

/** Adds the commands about who you are. */
export function registerAccountCommands(program: Command, context: CliContext): void {
  registerLogin(program, context)
  const load = () => import('./commands-account.ts')
  addCommand(program, 'logout', {
    summary: 'Revoke the token of this login and forget it',
    examples: ['maru logout'],
  }).action(async (options) => (await load()).logout(context, options))
  addApiCommand(program, 'whoami', {
    summary: 'Show who you are, and where',
    examples: ['maru whoami'],
  }).action(async (options) => (await load()).whoami(context, options))
  registerTokens(program, context)
}

function registerLogin(program: Command, context: CliContext): void {
  addCommand(program, 'login', {
    summary: 'Sign in, or take the set-up link of a new installation',
    examples: [
      "maru login 'https://maru.example.org/setup#TOKEN.FINGERPRINT'",
      'maru login https://maru.example.org --email me@example.org',
      'maru login https://maru.example.org --email me@example.org --password-stdin < password.txt',
    ],
  })
    .argument('[link]', 'set-up link or address (default: where you signed in last)')
    .option('--email <address>', 'e-mail address of the account')
    .option('--name <name>', 'with a set-up link: your name as others see it')
    .option('--password-stdin', 'read the password from standard input')
    .option(
      '--fingerprint <digits>',
      "SHA-256 fingerprint of the installation's certificate, at least 16 digits",
    )
    .option('--token-name <name>', 'what the token is called in your list of tokens')
    .action(async (link, options) => (await import('./commands-login.ts')).login(context, link, options))
}

function registerTokens(program: Command, context: CliContext): void {
  const tokens = addGroup(program, 'tokens', 'API tokens, for scripts and other machines')
  const load = () => import('./commands-tokens.ts')
  addApiCommand(tokens, 'list', {
    summary: 'List your tokens',
    examples: ['maru tokens', 'maru tokens list --json'],
    isDefault: true,
  }).action(async (options) => (await load()).list(context, options))
  addApiCommand(tokens, 'create', {
    summary: 'Make a token; it is shown this once (use it as MARU_TOKEN, with MARU_URL and MARU_CA)',
    examples: [
      'maru tokens create deploy-bot --days 30',
      'MARU_URL=https://maru.example.org MARU_TOKEN=... MARU_CA=maru-root.crt maru deploy',
    ],
  })
    .argument('<name>', 'what it is for')
    .option('--days <number>', 'days until it expires', '90')
    .action(async (name, options) => (await load()).create(context, name, options))
  addApiCommand(tokens, 'revoke', {
    summary: 'Revoke a token at once',
    examples: ['maru tokens revoke tok_7k2m9x4q2abc'],
  })
    .argument('<id>', 'id of the token')
    .action(async (id, options) => (await load()).revoke(context, id, options))
}
