package scenarios

// ByWireOf is byWire.
var ByWireOf = byWire
