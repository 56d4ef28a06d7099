import { createPrivateKey, X509Certificate } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { certificateNameOf } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import type { HostRequest } from '#contract/membership.ts'
import { newHostKey, openHostKey, vouchFor } from '#platform/trust/index.ts'
import { readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { publicKeyHash } from '#runtime/drivers/tls-probe.ts'

/** A certificate and its key (PEM). */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/**
 * The key that this host is known by, and the one that takes its place. The old one goes when the control plane has called with the
 * new one, and not before; whatever is interrupted is finished at the next start.
 */
export interface HostKeys {
  /** Undefined on a first host that never had others. */
  inUse(): KeyPair | undefined
  /** What the control plane may try; undefined until its certificate is here. */
  next(): KeyPair | undefined
  /** Makes a pair the one in use, unless there is one with another key. */
  begin(pair: KeyPair): Promise<void>
  /** Asks for another certificate for the key in use. */
  askAgain(): Promise<HostRequest>
  /** Asks for one for the next key, which is made once: an answer that was lost is asked for again with the same. */
  askNext(): Promise<HostRequest>
  /** Takes a certificate for either key. Gives for which. */
  take(cert: string): Promise<'in use' | 'next'>
  /** Makes the next key the only one. False where it is already. */
  useNext(keyHash: string): Promise<boolean>
}

/** Opens the keys of a host. */
export async function openHostKeys({ home, host }: Pick<AgentConfig, 'home' | 'host'>): Promise<HostKeys> {
  const files = keyFiles(home)
  let { inUse, nextKey, next } = await files.load()
  const own = () => {
    if (inUse !== undefined) return inUse
    throw new MaruError('not_found', { path: 'this host has no certificate yet' })
  }
  const name = certificateNameOf(host.name)
  const requestOf = async (key: string) => await (await openHostKey(key)).request(name)
  // One after the other: two answers to one question must not meet.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }
  return {
    inUse: () => inUse,
    next: () => next,
    begin: (pair) =>
      inTurn(async () => {
        const isOther = inUse !== undefined && inUse.key !== pair.key
        if (isOther || inUse?.cert === pair.cert) return
        await files.save(pair)
        inUse = pair
      }),
    askAgain: async () => ({ request: await requestOf(own().key), vouched: null }),
    askNext: () =>
      inTurn(async () => {
        nextKey ??= await files.saveNextKey((await newHostKey()).keyPem)
        const request = await requestOf(nextKey)
        return { request, vouched: await vouchFor(request, own().key) }
      }),
    take: (cert) =>
      inTurn(async () => {
        if (nextKey !== undefined && isFor(cert, nextKey)) {
          next = await files.saveNext({ cert, key: nextKey })
          return 'next'
        }
        if (!isFor(cert, own().key)) throw notOurs()
        inUse = await files.save({ cert, key: own().key })
        return 'in use'
      }),
    useNext: (keyHash) =>
      inTurn(async () => {
        if (hashIn(own()) === keyHash) return false
        if (next === undefined || hashIn(next) !== keyHash) throw notOurs()
        inUse = await files.save(next)
        nextKey = undefined
        next = undefined
        // What is left of it is found to be over when it is read again.
        await files.forgetNext().catch(() => undefined)
        return true
      }),
  }
}

const notOurs = () =>
  new MaruError('invalid', { field: 'certificate', reason: 'is for a key that this host has not got' })
const hashIn = ({ cert }: KeyPair) => publicKeyHash(new X509Certificate(cert))
const isFor = (cert: string, key: string) => new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))

interface Loaded {
  inUse: KeyPair | undefined
  nextKey: string | undefined
  next: KeyPair | undefined
}

/** How they are kept. The key goes before its certificate: a pair that does not fit says that a change was interrupted. */
function keyFiles(home: string) {
  const at = (name: string) => join(home, name)
  const save = async (pair: KeyPair): Promise<KeyPair> => {
    if ((await readText(at(HOME.hostKey))) !== pair.key) await writeFileAtomic(at(HOME.hostKey), pair.key)
    await writeFileAtomic(at(HOME.hostCertificate), pair.cert)
    return pair
  }
  const forgetNext = async () => {
    await rm(at(HOME.nextHostCertificate), { force: true })
    await rm(at(HOME.nextHostKey), { force: true })
  }
  return {
    save,
    forgetNext,
    saveNextKey: async (key: string) => {
      await writeFileAtomic(at(HOME.nextHostKey), key)
      return key
    },
    saveNext: async (pair: KeyPair) => {
      await writeFileAtomic(at(HOME.nextHostCertificate), pair.cert)
      return pair
    },
    load: async (): Promise<Loaded> => {
      const names = [HOME.hostCertificate, HOME.hostKey, HOME.nextHostCertificate, HOME.nextHostKey]
      const [cert, key, nextCert, nextKey] = await Promise.all(names.map((name) => readText(at(name))))
      const next = fitting(nextCert, nextKey)
      if (cert === undefined || key === undefined) return { inUse: undefined, nextKey, next }
      const isWhole = isFor(cert, key)
      if (isWhole && key !== nextKey) return { inUse: { cert, key }, nextKey, next }
      const inUse = isWhole || next === undefined ? { cert, key } : await save(next)
      await forgetNext()
      return { inUse, nextKey: undefined, next: undefined }
    },
  }
}

/** A certificate of an earlier next key is none of this one. */
const fitting = (cert: string | undefined, key: string | undefined): KeyPair | undefined =>
  cert !== undefined && key !== undefined && isFor(cert, key) ? { cert, key } : undefined
