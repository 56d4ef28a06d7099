import { ContainerSpec } from '#contract/agent.ts'
import { SERVICES, type ServiceName } from '#contract/fleet.ts'
import { HOME, type Installation, UID } from '#contract/installation.ts'
import { FIRST_IN_TURN } from '#contract/turn.ts'

/** Where the mesh's files are; the data folder has the same path inside its containers. */
export function meshFiles(home: string) {
  const folder = `${home}/${HOME.mesh}`
  return {
    folder,
    root: `${folder}/root.crt`,
    /** This host's certificate with its key. */
    certificate: `${folder}/host.pem`,
    config: (name: string) => `${folder}/${name}.cfg`,
    run: (name: string) => `${folder}/run-${name}`,
    admin: (name: string) => `${folder}/run-${name}/admin.sock`,
    state: (name: string) => `${folder}/${name}.state`,
    master: (name: string) => `${folder}/run-${name}/master.sock`,
  } as const
}
export type MeshFiles = ReturnType<typeof meshFiles>

/** The component that lets other hosts in. */
export const DOOR_COMPONENT = 'mesh'
/** The component that stands for a service of another host. */
export const wayComponent = (service: ServiceName) => `way-${service}`
/** Components that the agent alone looks after: what they are depends on the other hosts. */
export const MESH_COMPONENTS: readonly string[] = [DOOR_COMPONENT, ...SERVICES.map(wayComponent)]

/** What one of the mesh's containers is made of. */
interface MeshPart {
  readonly component: string
  /** On the host's own network, or at fixed addresses. */
  readonly networks: ContainerSpec['networks']
  readonly labels: Readonly<Record<string, string>>
}

/** A container of the mesh: HAProxy as a user of its own, without any capability. */
export function meshContainer(
  installation: Pick<Installation, 'name'>,
  home: string,
  image: string,
  { component, networks, labels }: MeshPart,
): ContainerSpec {
  const files = meshFiles(home)
  return ContainerSpec.parse({
    name: `${installation.name}-${component}`,
    component,
    image,
    command: [
      'haproxy',
      '-W',
      '-db',
      '-S',
      `${files.master(component)},mode,600`,
      '-x',
      files.admin(component),
      '-f',
      files.config(component),
    ],
    user: `${UID.mesh}:${UID.mesh}`,
    labels,
    networks,
    mounts: [
      { source: files.folder, target: files.folder, readOnly: true },
      { source: files.run(component), target: files.run(component), readOnly: false },
    ],
    init: false,
    ...FIRST_IN_TURN,
    handOver: true,
    stopTimeoutS: 5,
    memoryMb: 256,
    processes: 64,
  })
}
