import type { Installation } from '#contract/installation.ts'
import { edgeFiles } from './layout.ts'
import { backendOf, CONTROL_BACKEND, type EdgeApp, type EdgeInput } from './render.ts'

/** Host name → backend, one a line, sorted. */
export function renderHosts(input: EdgeInput): string {
  const lines = input.apps.flatMap((app) => app.hostNames.map((host) => `${host} ${backendOf(app)}`))
  return `${[`${input.installation.domain} ${CONTROL_BACKEND}`, ...lines].sort().join('\n')}\n`
}

/** Certificates by host name; the first one is for clients that name no host or an unknown one. */
export function renderCertificateList(input: EdgeInput): string {
  const files = edgeFiles(input.home)
  const { domain } = input.installation
  const names = hostNamesOf(input.installation, input.apps).filter(
    (name) => !input.nameless || name !== domain,
  )
  const hosts = names.map((host) => `${files.certificates}/${host}.pem ${host}`)
  return `${[files.defaultCertificate, ...hosts].join('\n')}\n`
}

/** Every host name that needs a certificate, the platform's own included. */
export const hostNamesOf = (
  { domain }: Pick<Installation, 'domain'>,
  apps: ReadonlyArray<Pick<EdgeApp, 'hostNames'>>,
): string[] => [domain, ...apps.flatMap(({ hostNames }) => hostNames)].sort()

/** The part of it that there are certificates for: without its own an edge neither asks others nor answers them. */
export function onlyCertified(input: EdgeInput, missing: ReadonlySet<string>): EdgeInput {
  const alone = missing.has('peer')
  const apps = input.apps.map((app) => ({
    ...app,
    hostNames: app.hostNames.filter((name) => !missing.has(name)),
    peers: alone ? [] : (app.peers ?? []),
  }))
  return {
    ...input,
    self: alone ? undefined : input.self,
    nameless: missing.has(input.installation.domain),
    apps: apps.filter(({ hostNames }) => hostNames.length > 0),
  }
}
