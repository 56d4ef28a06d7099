import { Visitor } from 'oxc-parser'
import { lineAt, type SourceFile } from './source-tree.ts'

const FILE_LIMIT = 300
const FILE_AIM = 120
const FUNCTION_LIMIT = 60

/** Files that may be longer, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'contract/promises.ts': 'the register is one table, a row a promise',
  'contract/errors.ts': 'the error catalogue is one table, read from top to bottom',
  'runtime/agent/agent.system.test.ts': 'its cases share one agent that takes seconds to start',
  'contract/apps.ts': 'one row a route; cutting the table would hide it',
}

const linesOf = (text: string) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** Files over the limit, and those past the aim, longest first. */
export function oversizedFiles(files: readonly SourceFile[]): { over: string[]; warnings: string[] } {
  const sizes = files
    .filter(({ path }) => !LONG_FILES[path])
    .map(({ path, text }) => [path, linesOf(text)] as const)
  const past = (limit: number) => sizes.filter(([, lines]) => lines > limit)
  return {
    over: past(FILE_LIMIT).map(([path, lines]) => `${path} has ${lines} lines (limit ${FILE_LIMIT})`),
    warnings: past(FILE_AIM)
      .filter(([path]) => !path.endsWith('.test.ts'))
      .sort(([, one], [, other]) => other - one)
      .map(([path, lines]) => `${path} has ${lines} lines (aim ${FILE_AIM})`),
  }
}

/** Functions over the limit. A test file's cases are lists, not logic, and count as files only. */
export function oversizedFunctions(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => !path.endsWith('.test.ts')).flatMap(longFunctions)
}

function longFunctions({ path, text, parsed }: SourceFile): string[] {
  const found: string[] = []
  const judge = (node: { start: number; end: number; id?: { name: string } | null }) => {
    const first = lineAt(text, node.start)
    const lines = lineAt(text, node.end) - first + 1
    if (lines > FUNCTION_LIMIT)
      found.push(
        `${path}:${first} ${node.id?.name ?? 'function'} has ${lines} lines (limit ${FUNCTION_LIMIT})`,
      )
  }
  new Visitor({
    FunctionDeclaration: judge,
    FunctionExpression: judge,
    ArrowFunctionExpression: judge,
  }).visit(parsed.program)
  return found
}
