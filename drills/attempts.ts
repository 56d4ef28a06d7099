import type { RunResult } from '#runtime/drivers/process.ts'
import type { Door, Statement } from './ways-in.ts'

/** How an attempt ended: let in, refused, or in a way that says nothing about the wall. */
export interface Attempt {
  readonly what: string
  readonly end: 'let-in' | 'refused' | 'unclear'
  /** What psql said, for the person who looks into it; it may hold names and is not published. */
  readonly said: string
}

/** PostgreSQL's "insufficient privilege". */
const REFUSED = '42501'
const DONE = '00000'
const MARK = 'ended-with'

const END_OF_DOOR = 'end-of-door'
const INSIDE = 'inside'

type Said = Pick<RunResult, 'stdout' | 'stderr'>

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

/** Options for one psql that tries all doors, one after the other; each ends with a mark on both outputs. */
export function optionsForDoors(doors: readonly Door[]): string[] {
  const [first, ...others] = doors
  if (first?.alone && others.length === 0)
    return ['-X', '-At', '-d', first.conninfo, '-c', `SELECT '${INSIDE}'`]
  const tries = doors.flatMap(({ conninfo }) => [
    `\\connect '${conninfo}'`,
    `SELECT '${INSIDE}'`,
    `\\echo ${END_OF_DOOR}`,
    `\\warn ${END_OF_DOOR}`,
  ])
  return ['-X', '-At', ...tries.flatMap((one) => ['-c', one])]
}

/** Judges the connections by whether a query was answered inside, and by the words of the refusal. */
export function judgeDoors(doors: readonly Door[], done: Said): Attempt[] {
  const answers = done.stdout.split(END_OF_DOOR)
  const complaints = done.stderr.split(END_OF_DOOR)
  return doors.map(({ what, refusal }, index) => {
    const complaint = complaints[index] ?? ''
    if (answers[index]?.includes(INSIDE)) return { what, end: 'let-in', said: 'a query was answered' }
    const said = lastLine(complaint.replaceAll(/\n[^\n]*not connected to a database\.\s*$/g, ''))
    return { what, end: refusal.test(complaint) ? 'refused' : 'unclear', said }
  })
}

/** Options for one psql that tries all statements and tells after each how it ended. */
export function optionsForStatements(statements: readonly Statement[]): string[] {
  const tries = statements.flatMap(({ sql }, index) => [sql, `\\echo ${MARK} ${index} :SQLSTATE`])
  return ['-X', '-At', ...['CREATE TEMP TABLE found (line text)', ...tries].flatMap((one) => ['-c', one])]
}

/** Judges the statements by PostgreSQL's own codes. */
export function judgeStatements(statements: readonly Statement[], done: Said): Attempt[] {
  const ends = new Map(
    done.stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([mark]) => mark === MARK)
      .map(([, index, code]) => [Number(index), code ?? '']),
  )
  return statements.map(({ what }, index) => {
    const code = ends.get(index) ?? ''
    const end = code === DONE ? 'let-in' : code === REFUSED ? 'refused' : 'unclear'
    return { what, end, said: code === '' ? lastLine(done.stderr) : `SQLSTATE ${code}` }
  })
}
