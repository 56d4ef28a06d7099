import { MaruError } from '#contract/errors.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { loadFleet } from '#platform/mesh/index.ts'
import { startInstalledEngine } from './engine.ts'
import { gatherFacts } from './host-facts.ts'
import type { Identity } from './identity.ts'
import { type Check, isAloneIn, judgeHost, portsOf } from './preflight.ts'
import type { Run } from './up.ts'

/** Looks before anything is changed; every finding is shown at once. */
export async function preflight(
  run: Pick<Run, 'installation' | 'home' | 'programDir' | 'progress'> & {
    readonly identity: Pick<Identity, 'isNew'>
    readonly host: Pick<HostIdentity, 'first' | 'role'>
  },
): Promise<void> {
  const { identity, installation, home, programDir, progress } = run
  const isAlone = isAloneIn(await loadFleet(home))
  const ports = portsOf(run.host, installation, { ...identity, isAlone })
  const look = () => gatherFacts({ home, programDir, ports: [...ports.now, ...ports.later] })
  let facts = await look()
  // Without the engine nobody can say whose the edge is that goes on serving: it is not a stranger.
  if (!identity.isNew && facts.engine === undefined && facts.ports.length > 0)
    if (await startInstalledEngine(home, programDir, progress)) facts = await look()
  const checks = judgeHost(facts, installation, identity.isNew, ports)
  const findings = checks.filter(({ ok }) => !ok)
  if (findings.length === 0) return
  for (const finding of findings) progress.note(renderFinding(finding))
  throw new MaruError('hosts.preflight', {
    count: findings.length,
    findings: findings.map(({ what, advice }) => `${what}. ${advice}`).join(' '),
  })
}

/** A finding as two lines: what, and what to do. */
export const renderFinding = ({ check, what, advice }: Check) => `✗ ${check}: ${what}\n  ${advice}`
