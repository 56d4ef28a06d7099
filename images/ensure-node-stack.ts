import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { ensureFolder, exists } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { buildContext, IMAGE_LABEL } from './build-images.ts'
import { nodeEntry } from './content.ts'
import { layerDockerfile, packContext } from './layer-tar.ts'
import { nodeStackTag } from './node-stacks.ts'
import { DEFAULT_NODE_MAJOR, NODE_PACKAGE, NODES, type NodeRelease } from './nodes.ts'

export interface NodeStackDeps {
  readonly docker: Docker
  readonly home: string
  readonly programDir: string
  /** The installation's app stack image (Node's default major). */
  readonly appImage: string
}

export interface NodeStack {
  /** Image id of the app stack with this Node. */
  readonly image: string
  /** Folder on the host that holds the `node` binary, for the builder; none for the default Node. */
  readonly nodeDir: string | undefined
}

/** The app stack for a Node major version; made on first use from the pinned npm package. */
export async function ensureNodeStack(major: number, deps: NodeStackDeps): Promise<NodeStack> {
  const release = NODES[major]
  if (major === DEFAULT_NODE_MAJOR) return { image: deps.appImage, nodeDir: undefined }
  if (release === undefined) {
    const have = Object.keys(NODES).join(', ')
    throw new MaruError('apps.engine_unsupported', { range: String(major), have })
  }
  const nodeDir = await ensureNodeBinary(release, deps)
  const base = await deps.docker.images.find(deps.appImage)
  if (base === undefined) throw new MaruError('hosts.not_installed', { home: deps.home })
  const tag = nodeStackTag(release, major, base.id)
  const have = await deps.docker.images.find(tag)
  if (have !== undefined) return { image: have.id, nodeDir }
  const dockerfile = layerDockerfile(base.id, [`LABEL ${IMAGE_LABEL}=app-node${major}`])
  const context = packContext(dockerfile, [nodeEntry(join(nodeDir, 'node'))])
  return { image: await buildContext(deps.docker, context, tag), nodeDir }
}

/** Downloads, verifies and unpacks a Node binary into HOME/images/node-VERSION; the name appears when it is whole. */
async function ensureNodeBinary(release: NodeRelease, deps: NodeStackDeps): Promise<string> {
  const target = join(deps.home, 'images', `node-${release.version}`)
  if (await exists(join(target, 'node'))) return target
  const work = join(deps.home, 'images', `node-${release.version}.download`)
  await rm(work, { recursive: true, force: true })
  await ensureFolder(work)
  const archive = await download(release, work, deps.programDir)
  await checkIntegrity(archive, release)
  await ensureFolder(target)
  await unpackNode(archive, join(work, 'node'))
  await rename(join(work, 'node'), join(target, 'node'))
  await rm(work, { recursive: true, force: true })
  return target
}

async function download(release: NodeRelease, folder: string, programDir: string): Promise<string> {
  const npm = join(programDir, 'node_modules/npm/bin/npm-cli.js')
  const name = `${NODE_PACKAGE}@${release.version}`
  const argv = ['pack', name, '--pack-destination', folder, '--cache', join(folder, 'cache')] as const
  const result = await run([process.execPath, npm, ...argv], { cwd: folder, timeoutMs: 300_000 })
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'))
  if (result.exitCode === 0 && file !== undefined) return join(folder, file)
  const cause = new Error(result.stderr.slice(-2000))
  throw new MaruError('unreachable', { what: `The npm registry (for ${name})` }, { cause })
}

async function checkIntegrity(archive: string, release: NodeRelease): Promise<void> {
  const hash = createHash('sha512')
  await pipeline(createReadStream(archive), hash)
  if (`sha512-${hash.digest('base64')}` === release.integrity) return
  const cause = new Error(`${archive} does not have the pinned integrity`)
  throw new MaruError('apps.build_failed', { reason: 'the downloaded Node is not the pinned one' }, { cause })
}

async function unpackNode(archive: string, target: string): Promise<void> {
  const tar = extract()
  const unpacking = pipeline(createReadStream(archive), createGunzip(), tar)
  for await (const entry of tar) {
    if (entry.header.name === 'package/bin/node') await pipeline(entry, createWriteStream(target))
    else entry.resume()
  }
  await unpacking
  await chmod(target, 0o755)
}
