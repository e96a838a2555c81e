//! Filters of the socket table: the bytecode of socket diagnostics (`struct inet_diag_bc_op`), which the kernel runs on
//! each socket before it describes it.
//!
//! A filter has alternatives, and an alternative has conditions. An operation has two distances: to the next operation if its
//! condition holds, and to another one if not. A socket is selected if the program arrives exactly at its end, so
//! a failure of the last alternative jumps four bytes beyond. The kernel accepts a program only if each target is reached
//! by the first distances as well, so each alternative ends with a jump that is its own operation.

use std::net::IpAddr;

use super::{
    sock_diag::{FAMILIES, address},
    socket::{Ends, Selection},
};

/// Ports beyond which the kernel gives all sockets: it would compare each of them with each port.
const MOST: usize = 32;

/// Length of an operation without its operand.
const OPERATION: usize = 4;

/// `INET_DIAG_BC_JMP`: always the second distance.
const JUMP: u8 = 1;

/// Codes of operations on one end of a socket.
struct End {
    at_least: u8,
    at_most: u8,
}

/// `INET_DIAG_BC_S_GE` and `S_LE`; `D_GE` and `D_LE`.
const LOCAL: End = End { at_least: 2, at_most: 3 };
const PEER: End = End { at_least: 4, at_most: 5 };

/// `INET_DIAG_BC_D_COND`: the address of the other end.
const PEER_ADDRESS: u8 = 8;

/// The addresses of this machine that need no interface, with the bits that count.
const LOOPBACK: [(IpAddr, u8); 2] =
    [(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 128)];

/// A condition on a socket.
struct Condition {
    operation: u8,
    operand: Vec<u8>,
    /// The condition must not hold.
    negated: bool,
}

impl Condition {
    fn port(operation: u8, port: u16) -> Self {
        Self { operation, operand: [[0; 2], port.to_ne_bytes()].concat(), negated: false }
    }

    /// `struct inet_diag_hostcond`, for any port.
    fn not_from((ip, bits): (IpAddr, u8)) -> Self {
        let family = if ip.is_ipv4() { FAMILIES.0 } else { FAMILIES.1 };
        let significant = usize::from(bits).div_ceil(32) * 4;
        let mut operand = vec![family, bits, 0, 0];
        operand.extend_from_slice(&(-1_i32).to_ne_bytes());
        operand.extend_from_slice(&address(ip)[..significant]);
        Self { operation: PEER_ADDRESS, operand, negated: true }
    }

    fn length(&self) -> usize {
        OPERATION + self.operand.len() + if self.negated { OPERATION } else { 0 }
    }

    /// Appends it; `failure` is the distance from its start to the place where a failure continues.
    fn encode(&self, failure: usize, program: &mut Vec<u8>) {
        let length = OPERATION + self.operand.len();
        if self.negated {
            operation(self.operation, length, length + OPERATION, program);
            program.extend_from_slice(&self.operand);
            operation(JUMP, OPERATION, failure - length, program);
        } else {
            operation(self.operation, length, failure, program);
            program.extend_from_slice(&self.operand);
        }
    }
}

/// Appends `struct inet_diag_bc_op`. No distance is near the limit of its field: the program has [`MOST`] ports.
fn operation(code: u8, success: usize, failure: usize, program: &mut Vec<u8>) {
    program.extend_from_slice(&[code, success as u8]);
    program.extend_from_slice(&(failure as u16).to_ne_bytes());
}

/// Returns the program that selects these sockets; empty for all sockets.
pub(super) fn program(selection: &Selection) -> Vec<u8> {
    let (ports, ends) = match selection {
        Selection::All => return Vec::new(),
        Selection::Ports(ports, _) if ports.len() > MOST => return Vec::new(),
        Selection::Ports(ports, ends) => (ports, ends),
    };
    let of = |end: End, port| vec![Condition::port(end.at_least, port), Condition::port(end.at_most, port)];
    let accepted = |port| {
        let mut conditions = of(LOCAL, port);
        if *ends == Ends::WithoutLoopbackServers {
            conditions.extend(LOOPBACK.map(Condition::not_from));
        }
        conditions
    };
    let alternatives = ports.iter().flat_map(|port| [of(PEER, *port), accepted(*port)]).collect::<Vec<_>>();
    encoded(&alternatives)
}

fn encoded(alternatives: &[Vec<Condition>]) -> Vec<u8> {
    let length = |conditions: &Vec<Condition>| conditions.iter().map(Condition::length).sum::<usize>() + OPERATION;
    // Nothing follows the last one, so it needs no jump over what follows.
    let total = (alternatives.iter().map(length).sum::<usize>()).saturating_sub(OPERATION);
    let mut program = Vec::with_capacity(total);
    for (number, conditions) in alternatives.iter().enumerate() {
        // Where the next alternative begins, or four bytes beyond the end.
        let next = program.len() + length(conditions);
        for condition in conditions {
            condition.encode(next - program.len(), &mut program);
        }
        if number + 1 < alternatives.len() {
            operation(JUMP, OPERATION, total - program.len(), &mut program);
        }
    }
    program
}
