import type Dockerode from 'dockerode'

export interface EngineInfo {
  readonly version: string
  readonly rootDir: string
  readonly storageDriver: string
  readonly cgroupVersion: '1' | '2'
  readonly cgroupDriver: string
  readonly memoryBytes: number
  readonly cpus: number
  readonly containers: number
}

/** What the engine says of itself and its machine. */
export async function infoOf(engine: Dockerode): Promise<EngineInfo> {
  const info = await engine.info()
  return {
    version: info.ServerVersion,
    rootDir: info.DockerRootDir,
    storageDriver: info.Driver,
    cgroupVersion: info.CgroupVersion === '2' ? '2' : '1',
    cgroupDriver: info.CgroupDriver,
    memoryBytes: info.MemTotal,
    cpus: info.NCPU,
    containers: info.Containers,
  }
}
