export { type MeshPlace, renewInUse, writeMesh } from './apply.ts'
export { DOOR_COMPONENT, MESH_COMPONENTS, meshFiles, wayComponent } from './layout.ts'
export { type Mesh, planMesh, type ServiceAddress, serviceAddress, type Way } from './plan.ts'
