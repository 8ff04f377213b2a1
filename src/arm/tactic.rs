//! Which techniques the service counts among which tactics.
//!
//! As Microsoft's validator had them in September 2024 (ATT&CK 13.1).

/// A tactic and its techniques' numbers: 1071 is `T1071`.
const TACTICS: &[(&str, &[u16])] = &[
    (
        "PreAttack",
        &[
            1583, 1584, 1585, 1586, 1587, 1588, 1589, 1590, 1591, 1592, 1593, 1594, 1595, 1596,
            1597, 1598,
        ],
    ),
    (
        "InitialAccess",
        &[
            810, 817, 818, 819, 822, 847, 848, 860, 862, 865, 866, 883, 886, 1078, 1091, 1133,
            1189, 1190, 1195, 1199, 1200, 1566,
        ],
    ),
    (
        "Persistence",
        &[
            839, 857, 859, 873, 889, 1037, 1053, 1078, 1098, 1133, 1136, 1137, 1176, 1197, 1205,
            1505, 1525, 1542, 1543, 1546, 1547, 1554, 1556, 1574,
        ],
    ),
    (
        "PrivilegeEscalation",
        &[874, 890, 1037, 1053, 1055, 1068, 1078, 1134, 1484, 1543, 1546, 1547, 1548, 1574, 1611],
    ),
    (
        "DefenseEvasion",
        &[
            820, 849, 851, 856, 858, 872, 1006, 1014, 1027, 1036, 1055, 1070, 1078, 1112, 1127,
            1134, 1140, 1197, 1202, 1205, 1207, 1211, 1216, 1218, 1220, 1221, 1222, 1480, 1484,
            1497, 1535, 1542, 1548, 1550, 1553, 1556, 1562, 1564, 1574, 1578, 1599, 1600, 1601,
            1610, 1612,
        ],
    ),
    (
        "CredentialAccess",
        &[
            1003, 1040, 1056, 1110, 1111, 1187, 1212, 1528, 1539, 1552, 1555, 1556, 1557, 1558,
            1606, 1613, 1614,
        ],
    ),
    (
        "Discovery",
        &[
            840, 842, 846, 887, 888, 1007, 1010, 1012, 1016, 1018, 1033, 1040, 1046, 1049, 1057,
            1069, 1082, 1083, 1087, 1120, 1124, 1135, 1201, 1217, 1482, 1497, 1518, 1526, 1538,
            1580,
        ],
    ),
    (
        "LateralMovement",
        &[812, 843, 859, 866, 867, 886, 1021, 1072, 1080, 1091, 1210, 1534, 1550, 1563, 1570],
    ),
    (
        "Execution",
        &[
            807, 821, 823, 834, 853, 858, 863, 871, 874, 1047, 1053, 1059, 1072, 1106, 1129, 1203,
            1204, 1559, 1569,
        ],
    ),
    (
        "Collection",
        &[
            801, 802, 811, 830, 845, 852, 861, 868, 877, 887, 1005, 1025, 1039, 1056, 1074, 1113,
            1114, 1115, 1119, 1123, 1125, 1185, 1213, 1530, 1557, 1560, 1602, 1609, 1610,
        ],
    ),
    ("Exfiltration", &[1011, 1020, 1029, 1030, 1041, 1048, 1052, 1537, 1567]),
    (
        "CommandAndControl",
        &[
            869, 884, 885, 1001, 1008, 1071, 1090, 1092, 1095, 1102, 1104, 1105, 1132, 1205, 1219,
            1568, 1571, 1572, 1573,
        ],
    ),
    (
        "Impact",
        &[
            813, 815, 826, 827, 828, 829, 831, 832, 837, 879, 880, 882, 1485, 1486, 1489, 1490,
            1491, 1495, 1496, 1498, 1499, 1529, 1531, 1561, 1565,
        ],
    ),
    ("ImpairProcessControl", &[806, 836, 839, 855, 856]),
    ("InhibitResponseFunction", &[800, 803, 804, 805, 809, 814, 816, 835, 838, 851, 857, 878, 881]),
    ("Reconnaissance", &[1589, 1590, 1591, 1592, 1593, 1594, 1595, 1596, 1597, 1598]),
    ("ResourceDevelopment", &[1583, 1584, 1585, 1586, 1587, 1588, 1608]),
];

/// The tactics that a technique belongs to; none for a technique that the service did not know.
#[must_use]
pub fn tactics_of(technique: u16) -> Vec<&'static str> {
    let with = TACTICS.iter().filter(|(_, techniques)| techniques.contains(&technique));
    with.map(|(tactic, _)| *tactic).collect()
}

/// Whether the service knows a tactic, in its own spelling.
#[must_use]
pub fn is_tactic(name: &str) -> bool {
    TACTICS.iter().any(|(tactic, _)| *tactic == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_belong_to_tactics() {
        assert!(tactics_of(1219).contains(&"CommandAndControl"));
        assert!(!tactics_of(1219).contains(&"Execution"));
        assert!(is_tactic("Impact") && !is_tactic("impact"));
    }
}
