export { type MeshPlace, reloadDoor, renewInUse, writeMesh } from './apply.ts'
export { loadFleet } from './fleet-file.ts'
export { DOOR_COMPONENT, MESH_COMPONENTS, meshFiles, wayComponent } from './layout.ts'
export { componentOf, controlOn, isOn, placedHere, SERVICE_COMPONENTS, serviceOf } from './placed.ts'
export {
  controlsOf,
  ETCD_SERVICES,
  type Mesh,
  memberUrl,
  planMesh,
  type ServiceAddress,
  seedsOf,
  serviceAddress,
  storesOf,
  storeUrl,
  type Way,
} from './plan.ts'
