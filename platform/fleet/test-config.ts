import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostIdentity } from '#contract/host-identity.ts'
import type { ControlConfig } from '#contract/installation.ts'
import type { Authority } from '#platform/trust/index.ts'

/** What a control plane on the first host reads, as far as it deals with hosts; its certificate is written to the folder. */
export async function makeTestConfig(
  folder: string,
  authority: Authority,
  host: HostIdentity,
): Promise<ControlConfig> {
  const name = 'control.maru.internal'
  const { certPem, keyPem } = await authority.issue({
    commonName: name,
    dnsNames: [name],
    days: 1,
    client: true,
  })
  await writeFile(join(folder, 'control.crt'), certPem)
  await writeFile(join(folder, 'control.key'), keyPem)
  const installation = {
    id: 'inst_t',
    name: 'maru',
    domain: 'maru.localhost',
    ports: { http: 80, https: 443 },
  }
  return {
    installation: { ...installation, createdAt: '2026-01-01T00:00:00Z', subnet: '10.99' },
    version: '1.0.0',
    host,
    caFile: join(folder, 'pki/root.crt'),
    patroni: [],
    patroniCa: join(folder, 'pki/root.crt'),
    agentSocket: join(folder, 'agent.sock'),
    listen: {
      certFile: join(folder, 'control.crt'),
      keyFile: join(folder, 'control.key'),
    },
  } as unknown as ControlConfig
}
