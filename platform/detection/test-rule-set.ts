import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { run } from '#runtime/drivers/process.ts'

interface Manner {
  readonly head?: string
  readonly confidence?: string
  readonly severity?: string
  readonly kind?: string
  readonly match?: string
}

/** A rule in the form in which Emerging Threats writes them; its words are ours. */
export const etLike = (sid: number, manner: Manner = {}): string => {
  const {
    head = 'alert http $EXTERNAL_NET any -> $HTTP_SERVERS $HTTP_PORTS',
    confidence = 'High',
    severity = 'Major',
    kind = 'web-application-attack',
    match = 'flow:established,to_server; http.uri; content:"/maru-sample-hole"; nocase; fast_pattern;',
  } = manner
  const metadata = `attack_target Web_Server, confidence ${confidence}, signature_severity ${severity}, updated_at 2030_01_07`
  return `${head} (msg:"SAMPLE hole ${sid}"; ${match} classtype:${kind}; sid:${sid}; rev:1; metadata:${metadata};)`
}

/** A server of archives, as they lie in a mirror. */
export interface Mirror {
  readonly url: string
  /** What is asked for from now on: rules, or a status in their place. */
  give(what: string | number): Promise<void>
  close(): Promise<void>
}

/** Serves an archive at an address; it has nothing at first. */
export async function makeMirror(folder: string, address: string): Promise<Mirror> {
  let archive: Buffer | number = 404
  const server: Server = createServer((request, response) => {
    const isThere = request.url === PATH && typeof archive !== 'number'
    response.writeHead(isThere ? 200 : typeof archive === 'number' ? archive : 404)
    response.end(isThere ? archive : undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}${PATH}`,
    give: async (what) => {
      archive = typeof what === 'number' ? what : await readFile(await packRules(folder, what))
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
const PATH = '/emerging.rules.tar.gz'

/** Packs rules as suricata-update expects them: a folder `rules` with files in it. Gives the archive's path. */
export async function packRules(folder: string, rules: string): Promise<string> {
  await mkdir(join(folder, 'rules'), { recursive: true })
  await writeFile(join(folder, 'rules', 'emerging-sample.rules'), rules)
  const archive = join(folder, 'emerging.rules.tar.gz')
  const { exitCode, stderr } = await run(['tar', '-C', folder, '-czf', archive, 'rules'])
  if (exitCode !== 0) throw new Error(stderr)
  return archive
}
