import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { commandDocuments, documentedCommands } from '../tools/documented-commands.ts'
import { addressOf, cli, cliOk, HOME, installation, ROOT } from './harness.ts'

const LAB = 'lab/lab.system.test.ts'
const NO_PROVIDER = 'nobody speaks BGP there: platform/upstream/upstream.system.test.ts, with a provider'
const NO_MIRROR = 'it fetches from outside: tests/rule-set.long.test.ts, from a server of its own'
const DRILLS_IN_LAB =
  'it needs a lab with a platform: lab/test-two-data-centres.ts runs drills in one and looks for what they found'

/** Commands that are not run as they are written: why, and what shows them instead. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "maru login 'https://maru.example.org/setup#TOKEN.FINGERPRINT'":
    'the link is made anew each time and the password is typed: tests/login.system.test.ts',
  "./maru host join 'https://maru.example.org/join#TOKEN.FINGERPRINT@203.0.113.10'":
    'the link is made anew each time, and the machine under test has joined: platform/fleet/fleet.system.test.ts',
  'maru data-centre address berlin 203.0.113.9': 'there is one host only: lab/shared-address.long.test.ts',
  'maru host remove berlin-1 --lost': 'there is one host only: platform/fleet/first-host-goes.system.test.ts',
  'maru host drain berlin-2': 'there is one host only: platform/apps/drain.system.test.ts',
  'maru host undrain berlin-2': 'there is one host only: platform/apps/drain.system.test.ts',
  'maru host replace berlin-2 --with berlin-3':
    'there is one host only: platform/apps/replace-host.system.test.ts',
  'maru network upstream add isp --own-as 64500 --neighbour 203.0.113.254 --neighbour-as 64496 --password-file isp.txt':
    NO_PROVIDER,
  'maru network upstream add isp --own-as 64500 --neighbour 203.0.113.254 --neighbour-as 64496 --password-file isp.txt --above 500000 --above-for 30':
    NO_PROVIDER,
  'maru network upstream test isp': NO_PROVIDER,
  'maru network upstream remove isp': NO_PROVIDER,
  'maru network upstream announce 203.0.113.5 --for 10m --reason "flood of 4 million packets a second"':
    NO_PROVIDER,
  'maru network upstream announce 203.0.113.5 --only udp:53 --for 1h --reason "answers of name servers that nobody asked"':
    NO_PROVIDER,
  'maru network upstream withdraw 203.0.113.5': NO_PROVIDER,
  'maru network rule-set on': NO_MIRROR,
  'maru network rule-set on --url https://mirror.example.org/emerging.rules.tar.gz': NO_MIRROR,
  'maru network upstream add scrubber --url https://api.example.org/maru --secret-file hook.txt':
    'there is no partner: platform/upstream/upstream.system.test.ts, with one',
  'cp maru-root.crt /usr/local/share/ca-certificates/maru-root.crt':
    'it changes what this machine trusts; the same file is trusted by one request in every document',
  'update-ca-certificates': 'it changes what this machine trusts',
  './maru up --name trial --http-port 8080 --https-port 8443 --subnet 10.90':
    'a second installation takes a minute: tools/system-tests.ts makes one like it for these tests',
  'maru status --name trial': 'there is no second installation: tests/up.system.test.ts asks by --home',
  'maru destroy --name trial --confirm trial': 'there is no second one: tests/zz-destroy.system.test.ts',
  'maru destroy': 'it removes the installation under test: tests/zz-destroy.system.test.ts does, at the end',
  'maru lab up --witness': `a lab with a platform takes minutes: ${LAB} makes one without`,
  'maru lab status': `there is no lab here: ${LAB}`,
  'maru lab exec dc1-h1 -- ./maru status':
    'it needs a lab with a platform: the command in a host is the one outside',
  'maru lab exec dc2-h1 -- curl --silent --head http://deb.debian.org/': `there is no lab here: ${LAB}`,
  'maru lab exec client -- curl --silent --insecure https://lab.internal/health': `it needs a lab with a platform: ${LAB} asks a server in the host from the client`,
  'maru lab host dc2-h1 kill': `there is no lab here: ${LAB}`,
  'maru lab host dc2-h1 start': `there is no lab here: ${LAB}`,
  'maru lab host dc2-h1 freeze': `there is no lab here: ${LAB}`,
  'maru lab host dc2-h1 thaw': `there is no lab here: ${LAB}`,
  'maru lab link dc2 cut': `there is no lab here: ${LAB}`,
  'maru lab link dc2 heal': `there is no lab here: ${LAB}`,
  'maru drill run host-dies': DRILLS_IN_LAB,
  'maru drill run database-primary-dies database-two-faults --home /var/lib/maru-lab':
    'it needs a lab with a platform: lab/two-data-centres.long.test.ts runs both in one',
  'maru drill run --all --home /var/lib/maru-lab': DRILLS_IN_LAB,
  'maru drill report --home /var/lib/maru-lab': DRILLS_IN_LAB,
  'maru lab exec dc1-h1 -- ./maru trust REC-3': DRILLS_IN_LAB,
  'maru lab exec client -- curl --silent --insecure https://lab.internal/trust': DRILLS_IN_LAB,
  'maru lab down': `there is no lab here: ${LAB}`,
  './maru test unit': 'it is a test run, as this one is: tools/test-command.ts',
  './maru test system -- edge': 'it is a test run, as this one is: tools/test-command.ts',
  './maru test long': 'it is a test run, as this one is: tools/test-command.ts',
  './maru test machine': 'it is a test run, as this one is: tools/test-command.ts',
  './maru test': 'it is this test run: tools/test-command.ts',
  './maru bench': 'it takes half an hour and more: tests/bench.long.test.ts takes the short way',
  'npm run format': 'it changes the source; tools/static.test.ts asks for the same without changing it',
  'npm run generate': 'it changes the source; tools/static.test.ts asks for the same without changing it',
}

/** What a person types when the command asks. */
const TYPED: Readonly<Record<string, string>> = { 'maru destroy my-app': 'my-app\n' }
/** They go on until Ctrl-C, which comes after this time. */
const FOLLOWS: Readonly<Record<string, number>> = { 'maru logs -f': 3 }

/** What stands for something else in the documents: their names, and those of the installation under test. */
const host = new URL(addressOf()).host
const STAND_FOR: ReadonlyArray<readonly [RegExp, string]> = [
  [/--domain maru\.example\.org/g, `--domain ${installation.domain}`],
  [/\bmaru\.(localhost|example\.org)\b/g, host],
  [/\/var\/lib\/maru\b/g, HOME],
  [/\bmaru-(control|agent|edge|postgres-\d)\b/g, `${installation.name}-$1`],
]

/** Documents for people who are not root on the host: they have signed in. */
const FOR_CUSTOMERS = ['docs/guides/customers.md']

let folder = ''
const customer = () => ({
  MARU_HOME: '/nowhere',
  HOME: join(folder, 'home'),
  XDG_CONFIG_HOME: join(folder, 'home'),
})

async function prepare(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'maru-docs-'))
  await makeFolder()
  const { stdout } = await cliOk(['setup-link', '--home', HOME])
  const link = /https:\/\/\S+\/setup#\S+/.exec(stdout)?.[0] ?? assert.fail(stdout)
  const email = `reader-${randomInt(36 ** 4).toString(36)}@example.org`
  const person = ['--email', email, '--name', 'Reader', '--password-stdin']
  await cliOk(['login', link, ...person], { env: customer(), input: 'quiet-lantern-5-harbour\n' })
}

async function tidy(): Promise<void> {
  for (const app of ['notes', 'my-app']) await cli(['destroy', app, '--confirm', app])
  await rm(folder, { recursive: true, force: true })
}

/** A folder like the one that readers have before them: the program, and an app of their own beside it. */
async function makeFolder(): Promise<void> {
  await mkdir(join(folder, 'home'))
  await symlink(join(ROOT, 'examples'), join(folder, 'examples'))
  await symlink(join(ROOT, 'maru'), join(folder, 'maru'))
  const app = join(folder, 'my-app')
  await cp(join(ROOT, 'examples/notes'), app, { recursive: true })
  const files = {
    'package.json': '{ "name": "my-app", "version": "1.0.0", "dependencies": { "pg": "8.23.1" } }\n',
    Procfile: 'release: node migrate.js\nweb: node server.js\nworker: node worker.js\n',
    'worker.js': "setInterval(() => console.log('working'), 500)\n",
    'production.env': 'ONE=1\nTWO=2\n',
    'key.pem': 'not a key\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(app, name), text)
}

/** What a person types is text for a shell, so that is what it is here too: redirections and variables are meant. */
async function typeIn(text: string, cwd: string, env: Readonly<Record<string, string>>) {
  const line = STAND_FOR.reduce((now, [from, to]) => now.replaceAll(from, to), text)
  const options = {
    cwd,
    env: { MARU_HOME: HOME, NO_COLOR: '1', PATH: `${folder}:${process.env.PATH}`, ...env },
    timeoutMs: 300_000,
  }
  const typed = TYPED[text]
  if (typed !== undefined) return run(['script', '-qec', line, '/dev/null'], { ...options, input: typed })
  const seconds = FOLLOWS[text]
  if (seconds === undefined) return run(['bash', '-c', line], options)
  const done = await run(['timeout', '--signal=INT', String(seconds), 'bash', '-c', line], options)
  return done.exitCode === 124 && done.stdout !== '' ? { ...done, exitCode: 0 } : done
}

/** The guides: so many commands that they take minutes. */
export const GUIDES = ['docs/guides/customers.md', 'docs/guides/operators.md']

/** Types every command of these documents, one after the other, as a reader would. */
export function testDocuments(paths: readonly string[]): void {
  before(prepare)
  after(tidy)
  for (const path of paths) testDocument(path)
}

function testDocument(path: string): void {
  const commands = documentedCommands(path)
  if (commands.length === 0) return
  test(`${path}: its ${commands.length} commands work as they stand there`, async () => {
    const env = FOR_CUSTOMERS.includes(path) ? customer() : {}
    let cwd = folder
    for (const { line, text } of commands) {
      if (NOT_RUN[text] !== undefined) continue
      const done = await typeIn(text, cwd, env)
      assert.equal(done.exitCode, 0, `line ${line}, ${text}:\n${done.stdout}${done.stderr}`)
      const into = /^cd (\S+)$/.exec(text)?.[1]
      if (into !== undefined) cwd = join(cwd, into)
    }
  })
}

/** What is not run as it stands, or not as others are, is still in a document. */
export const testTables = () =>
  test('what is said not to be run stands in a document', () => {
    const texts = new Set(
      commandDocuments().flatMap((path) => documentedCommands(path).map(({ text }) => text)),
    )
    const rows = [NOT_RUN, TYPED, FOLLOWS].flatMap((table) => Object.keys(table))
    assert.deepEqual(
      rows.filter((text) => !texts.has(text)),
      [],
    )
  })
