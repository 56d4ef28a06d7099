import { cp } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join as joinPath } from 'node:path'
import { HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, type ControlConfig, HOME } from '#contract/installation.ts'
import { controlFiles } from '#platform/hosts/control-files.ts'
import type { Authority } from '#platform/trust/index.ts'
import { openMembership } from '#runtime/agent/membership.ts'
import { type AgentServerDeps, makeAgentServer } from '#runtime/agent/server.ts'
import { serviceBundles } from '#runtime/agent/service-bundles.ts'
import { makeSigner } from '#runtime/agent/signer.ts'
import { ensureFolder, writeFileAtomic } from '#runtime/drivers/files.ts'
import { silent } from '#runtime/server/test-database.ts'

export const FIRST = HostIdentity.parse({
  name: 'first',
  dataCentre: 'dc1',
  address: '127.0.0.1',
  role: 'full',
  first: true,
})

/** The first host's agent as far as it signs, and gives what services need elsewhere. */
export async function serveFirst(
  config: ControlConfig,
  authority: Authority,
  folder: string,
): Promise<Server> {
  const home = joinPath(folder, 'first')
  for (const name of [HOME.agent, HOME.secrets, HOME.control]) await ensureFolder(joinPath(home, name))
  for (const file of Object.values(controlFiles(home))) await writeFileAtomic(file, 'secret\n')
  await cp(joinPath(folder, 'pki'), joinPath(home, HOME.pki), { recursive: true })
  const own = { home, host: FIRST, version: '1.0.0', installation: config.installation } as AgentConfig
  const membership = await openMembership(own)
  const signer = makeSigner(home, authority)
  const bundles = serviceBundles(own, membership, signer)
  const parts = {
    membership,
    bundles,
    signer,
    log: silent,
    wake: () => undefined,
  }
  const server = makeAgentServer(parts as unknown as AgentServerDeps)
  await new Promise<void>((resolve) => server.listen(config.agentSocket, resolve))
  return server
}
