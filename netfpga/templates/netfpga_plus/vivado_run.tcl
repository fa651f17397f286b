namespace eval ipx {
    proc current_core {} { return core }
    proc get_user_parameters {name} { return parameter:$name }
    proc get_bus_interfaces {name args} { return bus:$name }
}
foreach name {
    package_project add_user_parameter add_bus_parameter infer_user_parameters check_integrity save_core
} {
    recorded ipx::$name
}
proc current_project {} { return project }
proc current_fileset {} { return sources_1 }

cd [file join [file dirname [file normalize [info script]]] .. @CORE@]
foreach {name value} {DEVICE xcu250-figd2104-2L-e NFPLUS_FOLDER /tree} {
    if {![info exists ::env($name)]} { set ::env($name) $value }
}
source history_sequencer.tcl
puts "PASS"
