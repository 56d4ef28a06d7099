import type { RUN_FRAME } from '#contract/apps.ts'

/** Kind of a frame of a `run` stream; see RUN_FRAME for what each means and which side sends it. */
export type FrameKind = (typeof RUN_FRAME)[keyof typeof RUN_FRAME]

export interface Frame {
  readonly kind: FrameKind
  readonly payload: Buffer
}

const HEADER_BYTES = 5
/** No side sends larger payloads; a bigger length means that the stream is out of step. */
export const FRAME_MAX_BYTES = 1024 * 1024

/** One frame: a byte for the kind, four for the length (big endian), then the payload. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  frame.writeUInt8(kind, 0)
  frame.writeUInt32BE(body.length, 1)
  frame.set(body, HEADER_BYTES)
  return frame
}

/** Cuts a byte stream into frames: feed it chunks of any size, it gives the frames that are whole. */
export function makeFrameReader(): (chunk: Uint8Array) => Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32BE(1)
      if (length > FRAME_MAX_BYTES) throw new RangeError(`frame of ${length} bytes`)
      if (rest.length < HEADER_BYTES + length) break
      const payload = rest.subarray(HEADER_BYTES, HEADER_BYTES + length)
      frames.push({ kind: rest.readUInt8(0) as FrameKind, payload })
      rest = rest.subarray(HEADER_BYTES + length)
    }
    return frames
  }
}
