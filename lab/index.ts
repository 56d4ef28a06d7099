/** Several hosts in several data centres on one Linux machine: what drills, tests and the command line use. */
import type { labDown as LabDown } from './down.ts'
import type { engineOf as EngineOf, giveImages as GiveImages } from './images.ts'
import type { labUp as LabUp } from './up.ts'

export { runDown, runExec, runHost, runLink, runStatus, runUp } from './command-actions.ts'
export { enterArgv, onNetworkArgv, pidOnNetwork, runIn } from './enter.ts'
export {
  dataFolder,
  freezeHost,
  hostState,
  killHost,
  killProcess,
  rootOf,
  startHost,
  thawHost,
} from './host.ts'
export { findHost, findSite, type Lab, labHome, loadLabFile, openLab } from './lab.ts'
export { type LabLine, linesOf, setLine } from './network.ts'
export {
  type HostPlan,
  hostsOf,
  LAB_DOMAIN,
  type LabPlan,
  type LabShape,
  type SitePlan,
  sharedAddressOf,
  takesHosts,
  WITNESS,
} from './plan.ts'
export { joinPlatform } from './platform.ts'
export { type LabStatus, labStatus } from './status.ts'

// What needs an engine's client or the installer is loaded when it is used: a cut or a kill must not wait for it.
export const labUp: typeof LabUp = async (request, deps) => (await import('./up.ts')).labUp(request, deps)
export const labDown: typeof LabDown = async (home) => (await import('./down.ts')).labDown(home)
export const engineOf: typeof EngineOf = async (lab, host) =>
  (await import('./images.ts')).engineOf(lab, host)
export const giveImages: typeof GiveImages = async (lab, host) =>
  (await import('./images.ts')).giveImages(lab, host)
