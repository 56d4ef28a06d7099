import { X509Certificate } from 'node:crypto'
import { type ContainerSpec, FILES_LABEL } from '#contract/agent.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import { addressesOf, type Installation, UID } from '#contract/installation.ts'
import { ensureFolder, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import { DOOR_COMPONENT, meshContainer, meshFiles, wayComponent } from './layout.ts'
import type { Mesh } from './plan.ts'
import { renderDoor, renderWay } from './render.ts'

const OWNER = { uid: 0, gid: UID.mesh }

export interface MeshPlace {
  readonly installation: Installation
  readonly home: string
  /** Where the other hosts reach this one. */
  readonly address: HostAddress
  readonly rootPem: string
  /** This host's certificate and key (PEM): `HOST.hosts.maru.internal`, for both sides of a connection. */
  readonly certificatePem: string
  /** An image with HAProxy. */
  readonly image: string
}

/** Writes what the mesh's containers read. Gives the containers, in the order in which they start. */
export async function writeMesh(place: MeshPlace, mesh: Mesh): Promise<ContainerSpec[]> {
  const { installation, home, image } = place
  const files = meshFiles(home)
  await ensureFolder(files.folder, 0o750, OWNER)
  await writeFileIfChanged(files.root, place.rootPem, { mode: 0o640, owner: OWNER })
  await writeFileIfChanged(files.certificate, place.certificatePem, { mode: 0o640, owner: OWNER })
  const { networks } = addressesOf(installation)
  const parts = [
    {
      component: DOOR_COMPONENT,
      networks: [{ name: 'host', aliases: [] }],
      config: marked(renderDoor(mesh, place.address, files, DOOR_COMPONENT)),
    },
    ...mesh.ways.map((way) => {
      const component = wayComponent(way.service)
      const at = { name: way.network, address: way.address, aliases: [] }
      // The network of the databases leads nowhere else.
      const out = way.network === networks.edge.name ? [] : [{ name: networks.edge.name, aliases: [] }]
      return { component, networks: [...out, at], config: renderWay(way, files, component) }
    }),
  ]
  const specs: ContainerSpec[] = []
  for (const { component, networks: joined, config } of parts) {
    await ensureFolder(files.run(component), 0o700, { uid: UID.mesh, gid: UID.mesh })
    await writeFileIfChanged(files.config(component), config, { mode: 0o640, owner: OWNER })
    // The door's is loaded anew while it serves; a way that leads elsewhere is another way.
    const fixed = component === DOOR_COMPONENT ? '' : config
    const labels = { [FILES_LABEL]: filesHash(fixed, place.rootPem) }
    specs.push(meshContainer(installation, home, image, { component, networks: joined, labels }))
  }
  return specs
}

/** A running HAProxy says which configuration it was started with. */
const marked = (config: string) => config.replace('global\n', `global\n  description ${filesHash(config)}\n`)
const MARK = /^\s*description[: ]+(\S+)$/m

/**
 * Loads the door's configuration anew where another is in force; connections that are open go on. Tells whether it did.
 * What does not run reads it at its start.
 */
export async function reloadDoor(home: string): Promise<boolean> {
  const files = meshFiles(home)
  const haproxy = makeHaproxy({ admin: files.admin(DOOR_COMPONENT), master: files.master(DOOR_COMPONENT) })
  const info = await haproxy.ask('show info')
  const wanted = MARK.exec((await readText(files.config(DOOR_COMPONENT))) ?? '')?.[1]
  if (info === undefined || wanted === undefined || MARK.exec(info)?.[1] === wanted) return false
  const { ok, log } = await haproxy.reload()
  if (!ok) throw new Error(`the door between hosts refuses its configuration: ${log}`)
  return true
}

/**
 * Gives a renewed certificate to the processes that run with another one, without touching a connection. What does not
 * run reads it at its start. Gives how many took it.
 */
export async function renewInUse(
  home: string,
  components: readonly string[],
  certificatePem: string,
): Promise<number> {
  const files = meshFiles(home)
  const serial = new X509Certificate(certificatePem).serialNumber
  let renewed = 0
  for (const component of components) {
    const haproxy = makeHaproxy({ admin: files.admin(component), master: files.admin(component) })
    const shown = await haproxy.ask(`show ssl cert ${files.certificate}`)
    const used = /^Serial: ([0-9A-F]+)$/im.exec(shown ?? '')?.[1]
    if (used === undefined || BigInt(`0x${used}`) === BigInt(`0x${serial}`)) continue
    await haproxy.ask(`set ssl cert ${files.certificate} <<\n${certificatePem.trim()}\n`)
    const done = await haproxy.ask(`commit ssl cert ${files.certificate}`)
    if (!done?.includes('Success'))
      throw new Error(`${component} refused its new certificate: ${done?.trim()}`)
    renewed++
  }
  return renewed
}
