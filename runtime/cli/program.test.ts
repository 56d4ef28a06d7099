import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { buildProgram } from './program.ts'

interface Leaf {
  readonly words: string
  readonly command: Command
}

function leavesOf(command: Command, words: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ words: words.join(' '), command }]
  return command.commands.flatMap((child) => leavesOf(child, [...words, child.name()]))
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}

const leaves = leavesOf(buildProgram())

test('every command has a summary, an example and --json', () => {
  assert.ok(leaves.length > 20)
  for (const { words, command } of leaves) {
    const help = helpOf(command)
    assert.ok(command.description().length > 10, `${words}: no summary`)
    assert.match(help, /\nExamples?:\n.*maru /, `${words}: no example`)
    assert.match(help, /^ +--json /m, `${words}: no --json`)
  }
})

test('every argument and option says what it is', () => {
  for (const { words, command } of leaves) {
    for (const argument of command.registeredArguments)
      assert.ok(argument.description, `${words}: ${argument.name()}`)
    for (const option of command.options) assert.ok(option.description, `${words}: ${option.flags}`)
  }
})

test('the commands that people are told to type exist', () => {
  const known = leaves.map(({ words }) => words)
  for (const words of ['deploy', 'apps', 'ps', 'logs', 'releases', 'rollback', 'scale', 'run', 'restart'])
    assert.ok(known.includes(words), words)
  for (const words of [
    'config list',
    'config set',
    'config unset',
    'db info',
    'db url',
    'db psql',
    'db rotate',
  ])
    assert.ok(known.includes(words), words)
  for (const words of [
    'operation',
    'login',
    'logout',
    'whoami',
    'tokens list',
    'tokens create',
    'tokens revoke',
  ])
    assert.ok(known.includes(words), words)
})
