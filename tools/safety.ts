import { Visitor } from 'oxc-parser'
import { isTest } from './boundaries.ts'
import { lineAt, type SourceFile } from './source-tree.ts'

/** Where `process.env` may be read, each with its reason. */
const MAY_READ_ENV: Readonly<Record<string, string>> = {
  'bin/': 'configuration is read once, at the entry',
  'bench/': 'development only',
  'tests/': 'the test run hands its installation over in the environment',
  'tools/': 'development only',
  'images/': 'programs inside containers get their configuration from the environment',
  'runtime/cli/':
    "a person's shell settings (NO_COLOR, MARU_HOME, XDG_CONFIG_HOME) are the CLI's configuration",
  'platform/hosts/': 'the installer hands proxies and registry settings of the shell to apt and npm',
  'console/vite.config.ts': 'development only: which installation its server asks',
  'runtime/drivers/process.ts': 'a child process gets a cleaned copy of the environment',
}

const SHELLS = ['exec', 'execSync', '$']

/** Shell text, evaluated code and hidden configuration; empty when there is none. */
export function unsafeCode(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...shellText(file), ...environmentReads(file)])
}

function shellText({ path, text, parsed, imports }: SourceFile): string[] {
  const found: string[] = []
  const note = (start: number, what: string) => found.push(`${path}:${lineAt(text, start)} ${what}`)
  const fromProcess = imports.some(({ target }) => target === 'node:child_process')
  new Visitor({
    Property: (node) => {
      const named = node.key.type === 'Identifier' && node.key.name === 'shell'
      const off = node.value.type === 'Literal' && node.value.value === false
      if (named && !off && fromProcess) note(node.start, 'hands text to a shell; use run() with arguments')
    },
    CallExpression: (node) => {
      const name = node.callee.type === 'Identifier' ? node.callee.name : ''
      if (fromProcess && SHELLS.includes(name)) note(node.start, `calls ${name}(): use run() with arguments`)
      if (name === 'eval') note(node.start, 'evaluates text as code')
    },
    NewExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Function')
        note(node.start, 'evaluates text as code')
    },
  }).visit(parsed.program)
  return found
}

function environmentReads({ path, text, parsed }: SourceFile): string[] {
  if (isTest(path) || Object.keys(MAY_READ_ENV).some((prefix) => path.startsWith(prefix))) return []
  const found: string[] = []
  new Visitor({
    MemberExpression: (node) => {
      const owner = node.object.type === 'Identifier' && node.object.name === 'process'
      if (owner && node.property.type === 'Identifier' && node.property.name === 'env')
        found.push(`${path}:${lineAt(text, node.start)} reads process.env; take it from the configuration`)
    },
  }).visit(parsed.program)
  return found
}
