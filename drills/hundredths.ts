/** Seconds to two digits, upwards: rounding must not bring a value under its limit. */
export const hundredths = (seconds: number): number => Math.ceil(seconds * 100) / 100
