import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeDoors, judgeStatements } from './attempts.ts'
import { doorsTo } from './ways-in.ts'

const neighbour = { database: 'app_bbbb', role: 'app_bbbb_a', own: 'app_aaaa' }
const doors = doorsTo(neighbour, {
  id: 'inst_1234',
  name: 'maru',
  domain: 'maru.localhost',
  createdAt: '2026-01-01T00:00:00Z',
  ports: { http: 80, https: 443 },
  subnet: '10.89',
})
const door = doors[0] ?? assert.fail('no doors')

const endOf = (stdout: string, stderr: string) =>
  judgeDoors([door], { stdout: `${stdout}end-of-door\n`, stderr: `${stderr}end-of-door\n` })[0]?.end

test('a connection that answers is an entry, whatever it says', () => {
  assert.equal(endOf('inside\n', 'WARNING: permission denied for database\n'), 'let-in')
})

test("only the server's refusal is one: a database that is away proves nothing", () => {
  assert.equal(endOf('', 'FATAL:  permission denied for database "app_bbbb"\n'), 'refused')
  assert.equal(endOf('', 'FATAL:  the database system is starting up\n'), 'unclear')
  assert.equal(endOf('', 'connection to server failed: timeout expired\n'), 'unclear')
  assert.equal(endOf('', ''), 'unclear')
})

test('each door is judged by its own part of the output, and a door that was never tried is unclear', () => {
  const denied = 'FATAL:  permission denied for database "app_bbbb"\nend-of-door\n'
  const said = { stdout: 'end-of-door\ninside\nend-of-door\n', stderr: `${denied}end-of-door\n` }
  assert.deepEqual(
    judgeDoors([door, door, door], said).map(({ end }) => end),
    ['refused', 'let-in', 'unclear'],
  )
})

test('statements are judged by their own codes, and one that was never tried is unclear', () => {
  const statements = ['first', 'second', 'third', 'fourth'].map((what) => ({ what, sql: '' }))
  const stdout = 'ended-with 0 42501\nroot:x:0:0\nended-with 1 00000\nended-with 2 42P01\n'
  assert.deepEqual(
    judgeStatements(statements, { stdout, stderr: 'connection lost' }).map(({ end }) => end),
    ['refused', 'let-in', 'unclear', 'unclear'],
  )
})

test('every attempt has a name of its own, and none names an app', () => {
  const names = doors.map(({ what }) => what)
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.doesNotMatch(name, /app_|\d+\.\d+/)
})
