import type { ContainerSpec, InstanceSpec, WorkloadApp } from '#contract/agent.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { addressesOf, HOME, INSTANCE_CA, type Installation, UID } from '#contract/installation.ts'
import { type ImageDetail, LABELS } from '#runtime/drivers/docker.ts'

export const INSTANCE_COMPONENT = 'instance'
export const RUN_COMPONENT = 'run'
const HOME_FOLDER = '/home/app'

export interface Place {
  readonly installation: Installation
  /** The data folder. */
  readonly home: string
}

/** Such as maru-app-shop-web-1-v3-0: a container has exactly one meaning. */
export const instanceName = (installation: Pick<Installation, 'name'>, app: string, one: InstanceSpec) =>
  `${installation.name}-app-${app}-${one.process}-${one.index}-v${one.release}-${one.epoch}`

/** The edge's name for an instance, unique in its app. */
export const serverName = (one: Pick<InstanceSpec, 'process' | 'index' | 'release' | 'epoch'>) =>
  `${one.process}.${one.index}.v${one.release}.${one.epoch}`

/** What an image says about how it wants to run. `volumes` would be space on the host's disk without a limit. */
export type ImageFacts = Pick<ImageDetail, 'user' | 'volumes'>

/** The user that an image runs as, unless that is root or nothing: apps never run as root. */
export function userFor(imageUser: string): string {
  const name = imageUser.split(':')[0] ?? ''
  // The engine also reads +0 as a number. Names of root's number are refused when the image is built.
  const isPlain = /^(?!root$)[A-Za-z_][\w.-]*$|^0*[1-9]\d*$/.test(name)
  return isPlain ? imageUser : `${UID.app}:${UID.app}`
}

type Confinement = Omit<ContainerSpec, 'name' | 'component' | 'image' | 'env' | 'labels' | 'restart'>

/**
 * What confines everything that is an app's: no root, no capability, nothing to write but memory-backed folders
 * that count against its memory, and limits on memory, processor and processes.
 */
export function confined({ installation, home }: Place, image: ImageFacts): Confinement {
  const { memoryMb, cpus, processes, tmpMb } = APP_LIMITS.instance
  // Programs may unpack and load native code in /tmp; nothing there gains rights.
  const scratch = `rw,exec,nosuid,nodev,size=${tmpMb}m,mode=1777`
  return {
    user: userFor(image.user),
    networks: [{ name: addressesOf(installation).networks.apps.name, aliases: [] }],
    ports: [],
    mounts: [{ source: `${home}/${HOME.pki}/root.crt`, target: INSTANCE_CA, readOnly: true }],
    tmpfs: Object.fromEntries(['/tmp', HOME_FOLDER, ...image.volumes].map((path) => [path, scratch])),
    capabilities: [],
    privileged: false,
    pidMode: 'own',
    readOnlyRoot: true,
    init: true,
    stopTimeoutS: 10,
    memoryMb,
    cpus,
    processes,
    files: 65_536,
  }
}

/** Environment of everything that is an app's; what the app sets itself wins. */
export const environment = (env: Readonly<Record<string, string>>) => ({ HOME: HOME_FOLDER, ...env })

/** An instance as a container. */
export function instanceContainer(
  place: Place,
  app: Pick<WorkloadApp, 'app' | 'appId'>,
  one: InstanceSpec,
  image: ImageFacts,
): ContainerSpec {
  return {
    ...confined(place, image),
    name: instanceName(place.installation, app.app, one),
    component: INSTANCE_COMPONENT,
    image: one.image,
    ...(one.command.length === 0 ? {} : { command: one.command }),
    env: environment(one.env),
    labels: {
      [LABELS.app]: app.app,
      [LABELS.appId]: app.appId,
      [LABELS.process]: one.process,
      [LABELS.index]: String(one.index),
      [LABELS.release]: String(one.release),
      [LABELS.epoch]: String(one.epoch),
    },
    restart: 'always',
  }
}
